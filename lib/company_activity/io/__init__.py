"""The only code that touches the outside: API, landing, Delta, SQL, secrets, messages."""
