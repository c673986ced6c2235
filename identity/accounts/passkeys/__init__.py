"""Passkeys (Web Authentication, level 3): registered by a signed-in person, good for signing in without a code."""
