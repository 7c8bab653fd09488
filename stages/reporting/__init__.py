"""Tables, plots and pictures in metrics/."""
