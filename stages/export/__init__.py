"""Models that leave the project, as ONNX files with a card."""
