"""The examples that predict on a cluster, run as they are, on a small cluster on this machine."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sknames

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("dask.dataframe")
pytest.importorskip("distributed")

ROOT = Path(__file__).parent.parent
MISSING = [None, "", ' "\u200b\t" ']


def run(example, *arguments):
    return subprocess.run(
        [sys.executable, ROOT / "examples" / example, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Eleven files: by name, the tenth comes before the second."""
    folder = tmp_path_factory.mktemp("people")
    names = sknames.datasets.load_names().data[::700].tolist()
    for k, some in enumerate(np.array_split(np.array([*names, *MISSING], dtype=object), 11)):
        n = len(some)
        table = {
            "id": pa.array([None, *range(1, n)], pa.int64()),
            "name": pa.array(some, pa.string()),
            "born": pa.array([1900 + k] * n, pa.int16()),
        }
        pq.write_table(pa.table(table), folder / f"part.{k}.parquet")
    return folder


def check(before, after):
    """Each row once, in order, as it was, with the answers of a prediction in this process."""
    assert after.select(before.column_names).equals(before)
    assert after.column_names == [*before.column_names, "predicted", "probability", "reason"]
    names = before["name"].to_pylist()
    model = sknames.load_pretrained()
    probabilities = model.predict_proba(["" if name is None else name for name in names])
    for k, name in enumerate(names):
        found = [after[key][k].as_py() for key in ("predicted", "probability", "reason")]
        if name in MISSING:
            assert found == [None, None, "missing name"]
        else:
            best = probabilities[k].argmax()
            wanted = [str(model.classes_[best]), probabilities[k, best].round(6).item(), None]
            assert found == wanted


def read(folder):
    def number(path):
        return int("".join(filter(str.isdigit, path.name)))

    tables = [pq.read_table(path) for path in sorted(folder.glob("*.parquet"), key=number)]
    return pa.concat_tables(tables).combine_chunks()


def test_dask(folder, tmp_path):
    done = run("predict_on_a_cluster.py", folder, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    check(read(folder), read(tmp_path / "out"))
    # In the order of names, as other readers take files, too.
    paths = sorted((tmp_path / "out").glob("*.parquet"))
    assert (
        pa.concat_tables(map(pq.read_table, paths)).combine_chunks().equals(read(tmp_path / "out"))
    )
