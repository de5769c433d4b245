"""Java, jars and the one Spark session."""
