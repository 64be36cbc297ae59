"""Decide early, compute the rest only if needed: exits in depth, and depth that a network chooses itself."""
