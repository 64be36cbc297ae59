"""Vedette: a trusted, CPU-first video management system with analytics."""
