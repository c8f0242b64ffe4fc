"""Stage 3: write each resolved document as HTML, Markdown, notebook, script and search records."""
