"""Composition: the only place that constructs and wires. One file per role."""
