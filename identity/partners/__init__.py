"""Whoever builds an app on the city's sign-in: asks for a client, waits for an operator's word, looks after secrets and keys."""
