"""What a step does once it has found something to do: read, transform, check, write. It imports Spark."""
