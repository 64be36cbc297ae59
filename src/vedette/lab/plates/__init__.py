"""Number plates: rendered to the standards, then a detector and a reader trained on them."""
