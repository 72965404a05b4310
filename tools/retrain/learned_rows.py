"""Identify the training rows of the shipped models by salted hashes.

People on test lists of the project are not in the training data. Some of these lists
are not public, so the hashes are needed to find the training rows: a row was in the
training data if its hash is in ``learned_rows.xz``. The hashes also identify the people
who were drawn from countries with too many people.
``python -m tools.retrain.learned_rows`` writes the file again from the tables in the
folder ``people``.
"""

import lzma
from hashlib import blake2b
from pathlib import Path

from .people_tables import TABLES, read_rows

PATH = Path(__file__).with_name("learned_rows.xz")
SALT = b"sknames people"
# Bytes of a hash. None of the 450,000 other rows in the sources has the same hash.
SIZE = 5


def row_hash(table, row):
    """Return the hash of a row; `table` is a name and `row` a sequence of cells."""
    text = "\t".join([table, *row])
    return blake2b(text.encode(), digest_size=SIZE, salt=SALT).digest()


def read_hashes(path=PATH):
    """Return the hashes in a file, a set of bytes."""
    content = lzma.decompress(path.read_bytes())
    return {content[i : i + SIZE] for i in range(0, len(content), SIZE)}


def hashes_of(tables):
    """Return the hashes of rows; `tables` maps names of tables to lists of rows."""
    hashes = set()
    for table, rows in tables.items():
        hashes.update(row_hash(table, row) for row in rows)
    return hashes


def write_hashes(hashes, path=PATH):
    """Write a set of hashes to a file."""
    path.write_bytes(lzma.compress(b"".join(sorted(hashes))))


def main():
    """Write the hashes of all rows in the folder ``people``."""
    tables = {}
    for table in TABLES:
        tables[table] = [[*row.values()] for row in read_rows(table)]
    write_hashes(hashes_of(tables))


if __name__ == "__main__":
    main()
