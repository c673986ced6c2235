"""Kiosks: each makes a key of its own, shows a code, and is let in by an operator who read that code off its screen."""
