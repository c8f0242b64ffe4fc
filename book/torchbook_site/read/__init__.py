"""Stage 1: read and run the pages."""
