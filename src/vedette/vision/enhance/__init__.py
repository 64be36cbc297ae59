"""Super-resolution x2: the network, its weight sets, and how pictures go through it. Design: docs/design/enhance.md."""
