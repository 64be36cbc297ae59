"""Training of the classifier of small pictures (CIFAR-10, and folders of one's own)."""
