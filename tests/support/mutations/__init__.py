"""Random changes of configuration files, each applied to a copy, so that a check can show that it sees them."""
