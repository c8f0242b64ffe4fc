"""What is done with the training loop: the command line, export, tracking, measured latency."""
