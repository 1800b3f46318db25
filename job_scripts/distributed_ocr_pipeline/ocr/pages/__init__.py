"""What becomes of a page."""
