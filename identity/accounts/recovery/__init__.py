"""Getting back in: a lost phone, a new or recycled number, a lost passkey; slowly, loudly, and at a lower level."""
