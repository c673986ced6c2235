"""Officers come, change and go: created by an operator, given roles by two persons, away with a substitute."""
