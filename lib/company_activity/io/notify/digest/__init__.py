"""Digests: what is new of a recipient's companies since its last message, in the form of each channel."""
