"""Hostile bytes for what reads input: found by coverage, or by chance, and judged by the same checks."""
