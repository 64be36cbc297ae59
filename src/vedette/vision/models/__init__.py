"""The model registry: what may be loaded, from where, and how good it is. Design: docs/design/vision.md."""
