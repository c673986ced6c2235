"""What the city's routes are measured against: the same rows without a framework, and the same verbs under another one."""
