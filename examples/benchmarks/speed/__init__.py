"""What `bench_speed.py` runs: what it times against what, how, and how it reports that."""
