"""Mutation testing of four rooms: small changes of the code that no test notices are listed, each with its reason."""
