"""Stage 2: complete each page's document once all pages have been read."""
