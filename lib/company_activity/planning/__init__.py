"""What the tables were built from, and what a run has to do: plain Python, no Spark."""
