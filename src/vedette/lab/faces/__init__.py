"""Training of the face detector of the default pack."""
