"""Measurements behind a choice of design, to be run by hand where that choice is looked at again."""
