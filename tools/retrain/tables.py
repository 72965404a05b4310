"""Read the CSV files in this folder."""

import csv
from pathlib import Path


def read_table(name):
    """Return the rows of a file, a dict each."""
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
