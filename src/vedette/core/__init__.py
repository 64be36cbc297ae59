"""Pure values and vocabulary. Imports nothing of the house; everything else may import it."""
