"""What tracks do: zones and lines. Pure."""
