"""The life cycle of events and their store."""
