"""What a GPU does with this project: the same results as a CPU, the same bytes twice, and how fast."""
