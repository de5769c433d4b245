"""The warehouse: its four engines, its DDL, and publishing to it exactly once."""
