"""The examples for Dask and Spark are run unchanged, on a small local cluster."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from sknames.datasets import load_names
from tests.conftest import run_process

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ROOT = Path(__file__).parents[2]
MISSING = [None, "", ' "\u200b\t" ', "“\u3164’\ufe0f”"]


def run(*arguments, code=0, **environment):
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return run_process(sys.executable, *arguments, code=code, env=environment)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Eleven files, so that by name the last one comes before the third."""
    folder = tmp_path_factory.mktemp("people")
    names = np.array(
        [*load_names().data[::700], "123", "a@b.org", *MISSING], dtype=object
    )
    for k, rows in enumerate(np.array_split(np.arange(len(names)), 11)):
        table = {
            "row": pa.array(2**60 + rows),  # a float cannot represent these integers
            "name": pa.array(names[rows], pa.string()),
            "given": [None if name in MISSING else "Anna" for name in names[rows]],
            "born": pa.array([None, *range(1900, 1899 + len(rows))], pa.int16()),
            # Each file has other categories.
            "kind": pa.array([f"{k}"] * len(rows)).dictionary_encode(),
        }
        pq.write_table(pa.table(table), folder / f"part.{k}.parquet")
    return folder


@pytest.fixture(scope="module", params=["name", "given,name"])
def column(request):
    return request.param


@pytest.fixture(scope="module")
def expected(folder, column, tmp_path_factory):
    """The output of the command line for the same rows, in the same order."""
    before, after = (
        tmp_path_factory.mktemp("command") / "people.parquet" for _ in range(2)
    )
    files = [folder / f"part.{k}.parquet" for k in range(11)]
    pq.write_table(pa.concat_tables(map(pq.read_table, files)), before)
    options = ["--column", column, "--output", after]
    done = run("-m", "sknames", "predict", before, *options)
    assert f" {len(MISSING)} missing name" in done.stderr
    return read(after.parent)


def read(folder):
    """Return the rows of all files, in order of file names, with categories as text."""
    table = pa.concat_tables(map(pq.read_table, sorted(folder.glob("*.parquet"))))
    kind = table.column_names.index("kind")
    return table.set_column(kind, "kind", table["kind"].cast(pa.string()))


def test_dask_example_predictions_match_command_line(
    folder, column, expected, tmp_path
):
    pytest.importorskip("dask.dataframe")
    pytest.importorskip("distributed")
    example = ROOT / "examples" / "predict_on_a_cluster.py"
    run(example, folder, tmp_path / "out", "--column", column)
    assert read(tmp_path / "out").equals(expected)


def test_spark_example_predictions_match_command_line(
    folder, column, expected, tmp_path
):
    pytest.importorskip("pyspark")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java")
    example = ROOT / "examples" / "predict_with_spark.py"
    # Java options that start faster, and no web interface.
    options = "--driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'"
    environment = {
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": f"{options} --conf spark.ui.enabled=false pyspark-shell",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    run(example, folder, tmp_path / "out", "--column", column, **environment)
    assert read(tmp_path / "out").sort_by("row").equals(expected)


def test_dask_example_rejects_used_output_folder_and_wrong_columns(folder, tmp_path):
    pytest.importorskip("dask.dataframe")
    pytest.importorskip("distributed")
    example = ROOT / "examples" / "predict_on_a_cluster.py"
    done = run(example, folder, folder, code=2)
    assert f"{folder} is not empty: give another output" in done.stderr
    done = run(example, folder, tmp_path / "out", "--column", "name,surname", code=2)
    assert "no column 'surname': give --column, of row, name, given" in done.stderr
    pq.write_table(
        pa.table({"name": ["Kim"], "reason": [""]}), tmp_path / "found.parquet"
    )
    done = run(example, tmp_path, tmp_path / "out", code=2)
    assert (
        "rename the columns of the input that ['predicted', 'probability'"
        in done.stderr
    )
