"""What leaves for and comes from other systems; one file per system, a seam and its adapters."""
