"""Migrations of `vedette.db`. They only go forward; a backup is the way back."""
