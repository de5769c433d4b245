"""What is measured in a process of its own: our code as its caller would call it, and others that do the same work."""
