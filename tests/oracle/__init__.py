"""An independent oracle: the design's tables, in plain Python, for tests to compare with."""
