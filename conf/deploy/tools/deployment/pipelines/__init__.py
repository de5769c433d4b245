"""Synapse and Data Factory: resources, one JSON file each, and pipelines of activities."""
