"""Applications of the training loop: command line, export, tracking and latency."""
