"""Event life cycle, history and delivery to operators. Design: docs/design/events.md."""
