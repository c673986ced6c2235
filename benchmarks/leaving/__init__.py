"""What `benchmarks/outbox.py` lets letters out to, and who lets them out: processes of their own."""
