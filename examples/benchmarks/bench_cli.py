"""Measure the speed and the memory of the command line.

Run ``python examples/benchmarks/bench_cli.py [N]``: `sknames predict` reads N
(10,000,000) distinct full names from a CSV file, with the shipped model, and the
library predicts the first of these names. It needs ``psutil``, the extra ``cli`` and
100 bytes of disk a name. It exits with 1 if the command takes 600 MB of resident memory
or has less than 0.8 of the library's speed. On a busy machine, compare the seconds of
CPU, which include the start of the process.
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
PART = 500_000  # names that are put together, or predicted by the library, at once
MAX_LIBRARY = 1_000_000


def parts(n):
    """Yield lists of distinct names "given surname", made from the names that ship."""
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
    """Run the command; return seconds, CPU seconds and peak memory of its process."""
    arguments = ["predict", folder / "names.csv", "--output", folder / "out.csv"]
    start = time.perf_counter()
    cpu = sum(os.times()[2:4])
    peak = 0
    with subprocess.Popen([sys.executable, "-m", "sknames", *arguments]) as process:
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.05)
    if process.returncode:
        sys.exit(f"sknames ended with exit code {process.returncode}")
    return time.perf_counter() - start, sum(os.times()[2:4]) - cpu, peak


def resident(pid):
    """Return the resident memory of a process, in bytes."""
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:  # it has ended meanwhile
        return 0


def library(n):
    """Return how many names a second `predict` takes, in lists of PART names."""
    model = sknames.load_pretrained()
    names = list(parts(n))
    model.predict(names[0][:100])
    start = time.perf_counter()
    for part in names:
        model.predict(part)
    return n / (time.perf_counter() - start)


def main():
    """Measure, print a table, and say which bars are missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "n", nargs="?", type=int, default=10_000_000, help="names (10,000,000)"
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
        f"{n:,} distinct full names from CSV to CSV, with the start of the process: "
        f"{seconds:.1f} s, {n / seconds:,.0f} names/s, {cpu:.1f} s of CPU, "
        f"peak {memory / 1e6:.0f} MB"
    )
    print(
        f"library alone: {before:,.0f} names/s before, {after:,.0f} after; "
        f"share of the command {share:.3f}"
    )
    missed = {
        f"memory below {MAX_MEMORY / 1e6:.0f} MB": memory < MAX_MEMORY,
        f"at least {MIN_SHARE} of the library's speed": share >= MIN_SHARE,
    }
    missed = [bar for bar, is_met in missed.items() if not is_met]
    sys.exit(f"missed: {'; '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
