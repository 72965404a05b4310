"""Time sknames and other code for `bench_speed.py`, and report it."""
