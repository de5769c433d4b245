"""Delta tables: reading, replacing, the state in their commits, the lock."""
