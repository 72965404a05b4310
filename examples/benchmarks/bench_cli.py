"""Measure the speed and the memory of the command line.

Run ``python examples/benchmarks/bench_cli.py [N]``. `sknames predict` predicts N
distinct full names (by default 10,000,000) from a CSV file with the shipped model. Its
speed is compared with that of `predict` in Python, for the first million of these
names. The benchmark needs ``psutil``, the extra ``cli``, and 100 bytes of disk space
per name. The exit status is 1 if the command uses 600 MB of resident memory or more, or
has less than 0.8 of the speed in Python. On a busy machine, compare CPU seconds, which
include the start of the process.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

import sknames
from sknames.datasets import load_names

MAX_MEMORY = 600e6
MIN_SHARE = 0.8
PART = 500_000  # names in memory at a time
MAX_LIBRARY = 1_000_000


def parts(n):
    """Yield lists of distinct full names, made up from the names of the package."""
    bunch = load_names()
    given = np.unique(bunch.data[bunch.part == "given"].astype(str))
    surnames = np.unique(bunch.data[bunch.part == "surname"].astype(str))
    n_all = len(given) * len(surnames)
    step = next(k for k in range(int(n_all * 0.618), n_all) if np.gcd(k, n_all) == 1)
    for start in range(0, n, PART):
        pairs = np.arange(start, min(start + PART, n)) * step % n_all
        yield [
            f"{given[i]} {surnames[j]}"
            for i, j in zip(*divmod(pairs, len(surnames)), strict=True)
        ]


def command(folder):
    """Run the command; return its seconds, CPU seconds and peak memory in bytes."""
    arguments = ["predict", folder / "names.csv", "--output", folder / "out.csv"]
    start = time.perf_counter()
    cpu = sum(os.times()[2:4])
    peak = 0
    with subprocess.Popen([sys.executable, "-m", "sknames", *arguments]) as process:
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.05)
    if process.returncode:
        sys.exit(f"sknames ended with exit status {process.returncode}")
    return time.perf_counter() - start, sum(os.times()[2:4]) - cpu, peak


def resident(pid):
    """Return the resident memory of a process, in bytes."""
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:  # it has just ended
        return 0


def library(n):
    """Return the names per second of `predict` in Python, in lists of PART names."""
    model = sknames.load_pretrained()
    names = list(parts(n))
    model.predict(names[0][:100])
    start = time.perf_counter()
    for part in names:
        model.predict(part)
    return n / (time.perf_counter() - start)


def main():
    """Measure, print the figures, and exit with the limits that are missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "n",
        nargs="?",
        type=int,
        default=10_000_000,
        help="number of names (default: 10,000,000)",
    )
    n = parser.parse_args().n
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        with (folder / "names.csv").open("w", encoding="utf-8") as file:
            file.write("name\n")
            for part in parts(n):
                file.writelines(f"{name}\n" for name in part)
        before = library(min(n, MAX_LIBRARY))
        seconds, cpu, memory = command(folder)
        after = library(min(n, MAX_LIBRARY))
    share = n / seconds / ((before + after) / 2)
    print(
        f"{n:,} distinct full names from CSV to CSV, including the process start: "
        f"{seconds:.1f} s, {n / seconds:,.0f} names/s, {cpu:.1f} s of CPU, "
        f"peak {memory / 1e6:.0f} MB"
    )
    print(
        f"`predict` in Python: {before:,.0f} names/s before, {after:,.0f} after; "
        f"the command has {share:.3f} of this speed"
    )
    missed = {
        f"memory below {MAX_MEMORY / 1e6:.0f} MB": memory < MAX_MEMORY,
        f"at least {MIN_SHARE} of the speed in Python": share >= MIN_SHARE,
    }
    missed = [bar for bar, is_met in missed.items() if not is_met]
    sys.exit(f"missed: {'; '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
