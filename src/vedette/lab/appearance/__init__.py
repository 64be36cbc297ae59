"""Training of the default pack's network that tells how a person looks."""
