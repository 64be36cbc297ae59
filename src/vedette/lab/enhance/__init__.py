"""Training of the super-resolution weight sets. Design: docs/design/enhance.md."""
