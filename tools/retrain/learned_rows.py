"""Identify the training rows of the shipped models by salted hashes.

None of these rows names somebody on a list that measures the project. Some of the lists
are not public, so nobody else can tell whom to leave out. The hashes can: a row is
known if its hash is in ``learned_rows.xz``. They also say who was drawn of a country
with too many people. ``python -m tools.retrain.learned_rows`` writes the file anew from
the tables in the folder ``people``.
"""

import lzma
from hashlib import blake2b
from pathlib import Path

from .people_tables import TABLES, read_rows

PATH = Path(__file__).with_name("learned_rows.xz")
SALT = b"sknames people"
# Bytes of a hash: none of the 450,000 other rows of the sources has a hash of the file.
SIZE = 5


def row_hash(table, row):
    """Return the hash of a row, its cells, of a table, its name."""
    text = "\t".join([table, *row])
    return blake2b(text.encode(), digest_size=SIZE, salt=SALT).digest()


def read_hashes(path=PATH):
    """Return the hashes of all rows, a set of bytes."""
    content = lzma.decompress(path.read_bytes())
    return {content[i : i + SIZE] for i in range(0, len(content), SIZE)}


def hashes_of(tables):
    """Return the hashes of the rows of tables, a dict by name of lists."""
    hashes = set()
    for table, rows in tables.items():
        hashes.update(row_hash(table, row) for row in rows)
    return hashes


def write_hashes(hashes, path=PATH):
    """Write hashes, a set of bytes."""
    path.write_bytes(lzma.compress(b"".join(sorted(hashes))))


def main():
    """Write the hashes of the tables in the folder of data."""
    tables = {}
    for table in TABLES:
        tables[table] = [[*row.values()] for row in read_rows(table)]
    write_hashes(hashes_of(tables))


if __name__ == "__main__":
    main()
