"""Every published figure: `uv run python benchmarks/NAME.py [--quick] [--json OUT]`."""
