"""Evidence: leaves, Merkle trees, signed checkpoints, export bundles, the offline verifier."""
