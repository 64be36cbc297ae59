"""Says what single pictures show."""
