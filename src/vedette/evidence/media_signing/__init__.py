"""Signed video: checks what a camera has signed of its own pictures, and signs. docs/design/media-signing.md."""
