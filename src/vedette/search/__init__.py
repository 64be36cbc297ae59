"""Finds the most similar entries of a gallery (1:N). Design: docs/design/search.md."""
