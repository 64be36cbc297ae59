"""Training, evaluation and compression of models: for developers, never imported by the running system."""
