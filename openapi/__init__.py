"""What is promised to clients."""
