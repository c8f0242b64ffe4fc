"""What only the book needs: claims, exercises, tables, files. No other part imports it."""
