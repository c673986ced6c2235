"""Pages people see: rendered here, Vietnamese first, no build step, no inline script."""
