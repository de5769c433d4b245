"""Where secrets come from, and what keeps them out of texts."""
