"""What may be refused, and the verdicts."""
