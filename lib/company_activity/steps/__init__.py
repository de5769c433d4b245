"""One file per step: read, transform, check, write, report."""
