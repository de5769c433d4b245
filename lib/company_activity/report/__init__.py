"""The model of a run's report, and its page."""
