"""The usage API: pages, patience and the bearer key."""
