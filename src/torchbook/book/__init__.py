"""What only the book needs: claims, exercises, tables and files. No other part imports it."""
