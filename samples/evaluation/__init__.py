"""How well the metrics tell what really happened, next to formulas that are known to be wrong."""
