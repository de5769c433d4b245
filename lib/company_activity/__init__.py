"""Company Activity: one trustworthy row per company per day."""

__version__ = "0.2.0"
