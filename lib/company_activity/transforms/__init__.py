"""Pure functions from DataFrame to DataFrame: no path, clock, session, action or cache."""
