"""Fictional specimen cards and photographs of them, for the demo, the tests, the benchmarks and training."""
