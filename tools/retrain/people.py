"""Write the folder ``people`` from public sources: ``python -m tools.retrain.people``.

``people_tables.py`` describes the files in the folder.
"""

import argparse
import gzip
import sys
from collections.abc import Callable
from dataclasses import dataclass

from . import learned_rows
from .people_sources import (
    Clone,
    read_hangul,
    read_katakana,
    read_lifters,
    read_ministers,
    read_rugby_players,
    read_state_legislators,
    read_weightlifters,
)
from .people_tables import table_path

OPL_DATA = Clone(
    "gingerlifts/opl-data",
    "opl-data",
    "473b4cfc9c",
    "meet-data lifter-data/privacy.csv",
)
RUGBYSCOPE = Clone(
    "CompNet/RugbyScope",
    "RugbyScope",
    "46617d62c5",
    "data/dbpedia/tables data/wikipedia/japanese/raw",
)
OPENSTATES = Clone("openstates/people", "openstates", "934bf09a94", "data")
OPEN_WEIGHTLIFTING = Clone(
    "euanwm/OpenWeightlifting", "OpenWeightlifting", "2633f6853b", "event_data"
)
HANGULIZE = Clone("hangulize/hangulize", "hangulize", "b969a4ead5", "specs")
WORLD_LEADERS = Clone(
    "WilliamRADFunk/cia-world-leaders",
    "cia-world-leaders",
    "d52b3b8f",
    "dist/json/json.zip",
)
CLONES = [
    OPL_DATA,
    RUGBYSCOPE,
    OPENSTATES,
    OPEN_WEIGHTLIFTING,
    HANGULIZE,
    WORLD_LEADERS,
]


@dataclass(frozen=True)
class Table:
    """A table of the folder ``people``.

    Attributes
    ----------
    columns : list of str
        Names of the columns. The first two identify a person.
    readers : list of (callable, Clone)
        Functions that read rows, and the clones that they read.
    n_learned : int
        Number of rows in the training data of the shipped models.
    """

    columns: list[str]
    readers: list[tuple[Callable, Clone]]
    n_learned: int


PERSON = ["name", "alpha_2"]
TABLES = {
    "lifters": Table(
        [*PERSON, "known_by", "spelled"], [(read_lifters, OPL_DATA)], 380_722
    ),
    "rugby": Table(PERSON, [(read_rugby_players, RUGBYSCOPE)], 19_809),
    "state_legislators": Table(PERSON, [(read_state_legislators, OPENSTATES)], 20_603),
    "weightlifters": Table(PERSON, [(read_weightlifters, OPEN_WEIGHTLIFTING)], 42_297),
    "ministers": Table(PERSON, [(read_ministers, WORLD_LEADERS)], 2_643),
    "spellings": Table(
        ["name", "script", "spelled"],
        [(read_katakana, RUGBYSCOPE), (read_hangul, HANGULIZE)],
        6_159,
    ),
}


def main(arguments=None, tables=TABLES, hashes=None):
    """Write the tables, and check that all training rows were found.

    `hashes` are the hashes of the training rows; by default, they are read from the
    file of `learned_rows`.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tools.retrain.people",
        description="Write the folder `people` in $SKNAMES_DATA, or in "
        "~/sknames_data, from clones in the same folder: "
        f"{', '.join(clone.folder for clone in CLONES)}. This takes a few minutes. "
        "tools/retrain/README.md says how to get the clones. Only the training rows of "
        "the shipped models are kept, so that people on test lists are left out.",
    )
    parser.parse_args(arguments)
    if hashes is None:
        hashes = learned_rows.read_hashes()
    incomplete = []
    for name, table in tables.items():
        rows = _read(table)
        learned = [row for row in rows if learned_rows.row_hash(name, row) in hashes]
        _write(name, table.columns, learned)
        n_left_out = _n_people(rows) - _n_people(learned)
        print(
            f"{name}: {len(learned):,} rows, {table.n_learned:,} expected; "
            f"{n_left_out:,} other names left out",
            flush=True,
        )
        if len(learned) != table.n_learned:
            incomplete.append(name)
    if incomplete:
        sys.exit(
            f"Expected other numbers of rows in {', '.join(incomplete)}. Check out the "
            "commits that tools/retrain/README.md names; otherwise, the models differ."
        )


def _read(table):
    """Return the distinct rows of a table, sorted tuples."""
    rows = set()
    for reader, clone in table.readers:
        rows.update(reader(clone))
    return sorted(rows)


def _n_people(rows):
    """Return the number of distinct people in rows."""
    return len({row[:2] for row in rows})


def _write(name, columns, rows):
    """Write a table; equal rows give the same bytes."""
    lines = ["\t".join(row) for row in [columns, *rows]]
    text = "\n".join(lines) + "\n"
    path = table_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
