"""Follows objects from picture to picture on one stream. Pure; design and figures: docs/design/vision.md."""
