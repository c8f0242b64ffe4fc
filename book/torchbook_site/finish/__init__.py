"""Stage 4: finish the site. Every step sees all pages, in memory; each page is written once."""
