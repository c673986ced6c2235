"""The Vietnamese recogniser: renders its own lines, trains, evaluates, exports. Run by `make train` in an environment of its own."""
