"""Who is asking, and the proof: faces, proofing, accounts, offices and tokens."""
