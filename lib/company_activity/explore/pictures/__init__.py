"""The notebooks' pictures, drawn by matplotlib. Each title says what the picture shows."""
