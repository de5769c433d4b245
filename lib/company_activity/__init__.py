"""Company Activity: one trustworthy row per company per day."""

__version__ = "0.1.0"
