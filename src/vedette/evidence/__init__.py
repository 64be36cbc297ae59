"""Footage that can be proven, offline, for ever. Design: docs/design/evidence.md."""
