"""Measure the memory of fitting and predicting a million names.

Run ``python examples/benchmarks/bench_memory.py [fit] [predict] [--names N]``: both by default,
with 1,000,000 distinct names, a given name and a surname each, made from the names that ship.
 Each runs in a process of its own. It exits with 1 if a fit takes 3 GB of resident memory or
more, or a prediction 1 GB or more above the loaded data and model. It needs ``psutil`` and Linux or
macOS.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np
import psutil
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import load_names

MAX_FIT, MAX_PREDICT = 3e9, 1e9  # bytes


def assemble(n):
    """Return n distinct names "given surname" with the nationality of the surname."""
    bunch = load_names()
    given = bunch.data[bunch.part == "given"]
    is_surname = bunch.part == "surname"
    surnames, nationalities = bunch.data[is_surname], bunch.target[is_surname]
    n_all = len(given) * len(surnames)
    if n > n_all:
        raise ValueError(f"There are {n_all} distinct pairs, fewer than {n}.")
    pairs = np.random.default_rng(0).choice(n_all, n, replace=False)
    names = [
        f"{given[i]} {surnames[j]}" for i, j in zip(*divmod(pairs, len(surnames)), strict=True)
    ]
    return names, nationalities[pairs % len(surnames)]


def peak():
    """Return the peak resident memory of this process, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def fit(n, path, limit=None):
    """Fit on n names, and save the model; return False above the limit."""
    names, nationalities = assemble(n)
    data = peak()
    start = time.perf_counter()
    model = Pipeline(
        [
            ("encode", CharEncoder(max_length=40)),
            ("classify", NameNationalityClassifier(max_epochs=1, random_state=0)),
        ]
    )
    model.fit(names, nationalities)
    joblib.dump(model, path)
    if limit is None:
        return True
    print(
        f"fit, {n:,} names, one epoch: {peak() / 1e9:.2f} GB resident at most, "
        f"{data / 1e9:.2f} GB before; {time.perf_counter() - start:.0f} s; the file "
        f"{path.stat().st_size / 1e6:.0f} MB"
    )
    return peak() < limit


def predict(n, path, limit):
    """Predict n names; return False above the limit."""
    names, _ = assemble(n)
    model = joblib.load(path)
    model.predict_proba(names[:100])
    loaded = psutil.Process().memory_info().rss
    start = time.perf_counter()
    model.predict_proba(names)
    print(
        f"predict_proba, {n:,} names: {(peak() - loaded) / 1e9:.2f} GB above the "
        f"{loaded / 1e9:.2f} GB of data and model; {time.perf_counter() - start:.0f} s"
    )
    return peak() - loaded < limit


def run(function, *arguments):
    """Call a function in a new process, for its own peak."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def main():
    """Measure fit, prediction, or both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", choices=["fit", "predict", []], help="default: both")
    parser.add_argument("--names", type=int, default=1_000_000)
    options = parser.parse_args()
    what = options.what or ["fit", "predict"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.joblib"
        within = True
        if "fit" in what:
            within &= run(fit, options.names, path, MAX_FIT)
        else:
            run(fit, min(options.names, 50_000), path)
        if "predict" in what:
            within &= run(predict, options.names, path, MAX_PREDICT)
    sys.exit(not within)


if __name__ == "__main__":
    main()
