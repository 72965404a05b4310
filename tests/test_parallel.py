"""Several processes give the predictions of one, and partitions its shares."""

import re
from pathlib import Path

import numpy as np
import pytest

import sknames
from tests.conftest import tiny_pipeline


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
def test_large_prediction_in_processes_gives_the_same_bits(
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
    np.testing.assert_array_equal(np.load("probabilities.npy"), expected)
    found = scope["predict_proba"](model, names[:-1].tolist(), "of_three.npy", n_jobs=3)
    np.testing.assert_array_equal(found, expected[:-1])


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_dask_shares_over_partitions_are_those_of_one_call(
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
    found, expected = scope["shares"], sknames.estimate_shares(model, people)
    assert found.label.tolist() == expected.label.tolist()
    np.testing.assert_allclose(found.share, expected.share, atol=1e-6, rtol=0)
    assert (found.n_names, found.n_not_names) == (140, 2)
