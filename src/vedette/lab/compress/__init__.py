"""What making a network smaller costs and gives, measured: one table for any of our models."""
