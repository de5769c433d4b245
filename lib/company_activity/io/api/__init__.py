"""The usage API: pages, retries and the bearer key."""
