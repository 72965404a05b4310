"""Tests of several processes and partitions, which equal a single process."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import sknames
from tests.conftest import run_process, tiny_pipeline


@pytest.fixture(scope="module")
def cluster():
    """A process with two threads on this machine, and a client of it."""
    distributed = pytest.importorskip("distributed")
    # Dask's usual port for its web pages may be taken by another cluster on this
    # machine.
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


# distributed's own sockets and event loops may still be open when its processes have
# ended.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_documented_parallel_prediction_gives_identical_probabilities(
    small_names, tmp_path, monkeypatch
):
    docs = Path(__file__).parent.parent / "docs" / "deploy.md"
    (code,) = re.findall(
        r"```python\n(from joblib import Parallel.*?)```", docs.read_text(), re.S
    )
    names, labels = small_names
    model = tiny_pipeline()
    scope = {"np": np, "pipeline": model, "names": names, "nationalities": labels}
    monkeypatch.chdir(tmp_path)
    exec(code, scope)
    expected = model.predict_proba(names)
    assert_array_equal(np.load("probabilities.npy"), expected)
    found = scope["predict_proba"](model, names[:-1].tolist(), "of_three.npy", n_jobs=3)
    assert_array_equal(found, expected[:-1])


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_documented_dask_shares_equal_shares_of_single_call(
    small_names, cluster, tmp_path, monkeypatch
):
    docs = Path(__file__).parent.parent / "docs" / "shares.md"
    (code,) = re.findall(
        r"```python\n(import dask.*?)```", docs.read_text("utf-8"), re.S
    )
    pandas = pytest.importorskip("pandas")
    names, labels = small_names
    model = tiny_pipeline().fit(names, labels)
    people = [*names[:90], *names[:60:2], *names[150:170], "7", "7"]
    monkeypatch.chdir(tmp_path)
    Path("people").mkdir()
    for i in range(3):
        pandas.DataFrame({"name": [*people[i::3], None]}).to_parquet(
            f"people/{i}.parquet"
        )
    scope = {"sknames": sknames, "model": model}
    exec(code, scope)
    assert scope["people"].npartitions == 3
    found = scope["shares"]
    expected = sknames.estimate_shares(model, people)
    assert found.label.tolist() == expected.label.tolist()
    assert_allclose(found.share, expected.share, atol=1e-6, rtol=0)
    assert (found.n_names, found.n_not_names) == (140, 2)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's libraries can fork")
def test_fit_in_process_forked_after_fit_finishes():
    """With so many labels that torch would share the n-gram weights among threads."""
    code = """
import multiprocessing
from sknames.datasets import load_names
from tests.conftest import tiny_pipeline

names, nationalities = load_names(return_X_y=True)


def fit():
    tiny_pipeline().fit(names[::400], nationalities[::400])


fit()
process = multiprocessing.get_context("fork").Process(target=fit)
process.start()
process.join(60)
exitcode = process.exitcode
process.kill()
assert exitcode == 0, exitcode
"""
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    root = Path(__file__).parent.parent
    run_process(sys.executable, "-c", code, cwd=root, env=environment)
