"""What a person's own gallery says of him: never of surveillance footage. Design: docs/design/profile.md."""
