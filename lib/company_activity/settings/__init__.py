"""Frozen settings, and where they are read from."""
