"""Compare time, memory, size and accuracy with linear models, up to a million names.

Run ``python examples/benchmarks/bench_scale.py [--sizes 1000,10000,100000,1000000]
[--models ours,svm,...] [--cache FOLDER]``. It needs name2nat's wheel in SKNAMES_DATA.
The names are those of the biographies and of `load_names`, in a random order that
depends only on the largest size. If there are too few, names of `make_names` are added.
The test set has 20,000 groups of real names that are not in the training data in any
spelling. The log loss is computed for nationalities in the training data. All models
except ``svm-ascii`` use diacritics and native scripts, which a sixth of the names have.

Each model is fitted in a process of its own, on one thread. Results in the cache are
reused, so empty it if you change the largest size. LogisticRegression needs 15 GB for a
million names. The exit status is 1 if, for a million names, our model takes longer to
fit than LinearSVC, or is less than one percentage point more accurate.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import joblib
import numpy as np
from sklearn.metrics import accuracy_score, f1_score, log_loss

from sknames import spelling_groups
from sknames.datasets import load_names, make_names
from tools.measuring import LINEAR, in_ascii, kept, machine, ours, table
from tools.retrain.biographies import read_biographies

N_TEST = 20_000
ONE_THREAD = dict.fromkeys(
    ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1"
)
COLUMNS = [
    "fit s",
    "fit s (CPU)",
    "GB",
    "file MB",
    "names/s",
    "accuracy",
    "macro-F1",
    "log loss",
]


MODELS = {
    "ours": ("**sknames, default**", ours(random_state=0)),
    **LINEAR,
    "svm-ascii": ("LinearSVC, names in ASCII", in_ascii(LINEAR["svm"][1])),
}


def assemble(largest):
    """Return names and nationalities, `largest` for training and others for testing."""
    rng = np.random.default_rng(0)
    names, labels = read_biographies()
    lists = load_names(script="all")
    names = np.concatenate([names, lists.data])
    labels = np.concatenate([labels, lists.target])
    n_real = len(names)
    if largest > n_real - 2 * N_TEST:
        made = make_names(largest, random_state=0)
        names = np.concatenate([names, made[0]])
        labels = np.concatenate([labels, made[1]])
    groups = spelling_groups(names)
    order = rng.permutation(len(names))
    held_out = rng.permutation(np.unique(groups[:n_real]))[:N_TEST]
    is_test = np.isin(groups, held_out)
    test = np.flatnonzero(is_test[:n_real])
    # Real names come first, so made-up names are used only if necessary.
    train = order[~is_test[order]]
    train = np.concatenate([train[train < n_real], train[train >= n_real]])[:largest]
    return names[train], labels[train], names[test], labels[test]


def measure(key, n, data):
    """Fit a model on the first n names, and print the measurements as JSON."""
    names, labels, test_names, test_labels = joblib.load(data)
    names = names[:n]
    labels = labels[:n]
    _, model = MODELS[key]
    wall = time.perf_counter()
    cpu = time.process_time()
    model.fit(names, labels)
    wall = time.perf_counter() - wall
    cpu = time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.joblib"
        joblib.dump(model, path)
        size = path.stat().st_size
    start = time.perf_counter()
    predicted = model.predict(test_names)
    speed = len(test_names) / (time.perf_counter() - start)
    loss = np.nan
    if hasattr(model, "predict_proba"):
        known = np.isin(test_labels, model.classes_)
        proba = model.predict_proba(test_names[known])
        loss = log_loss(test_labels[known], proba, labels=model.classes_)
    row = {
        "fit s": wall,
        "fit s (CPU)": cpu,
        "GB": memory / (1e9 if sys.platform == "darwin" else 1e6),
        "file MB": size / 1e6,
        "names/s": speed,
        "accuracy": accuracy_score(test_labels, predicted),
        "macro-F1": f1_score(test_labels, predicted, average="macro"),
        "log loss": loss,
        "classes": len(model.classes_),
    }
    print(json.dumps(row))


def run(keys, sizes, cache):
    """Return the measurements by "model n", using the cache."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "names.joblib"

        def make(key, n):
            if not data.exists():
                in_a_process("--assemble", max(sizes), data)
            return json.loads(in_a_process("--measure", key, n, data))

        for n, key in product(sizes, keys):
            path = cache and cache / f"{key}-{n}.npz"
            rows[f"{key} {n}"] = row = kept(path, make, key, n)
            print(key, n, row, file=sys.stderr, flush=True)
    return rows


def in_a_process(*args):
    """Run this script in a new process, and return the last line that it prints.

    The peak memory of a process can thus be measured for one task.
    """
    command = [sys.executable, __file__, *map(str, args)]
    env = os.environ | ONE_THREAD
    done = subprocess.run(
        command, stdout=subprocess.PIPE, encoding="utf-8", check=True, env=env
    )
    return done.stdout.rpartition("\n")[0].rpartition("\n")[2]


def report(rows, keys, sizes):
    """Print a table of the measurements."""
    print(f"{machine()}; one thread\n")
    rows = [
        [
            f"{n:,}",
            MODELS[key][0],
            *(show(name, rows[f"{key} {n}"][name]) for name in COLUMNS),
        ]
        for n, key in product(sizes, keys)
    ]
    print(table(["names", "model", *COLUMNS], rows))


def show(column, value):
    if np.isnan(value):
        return "-"
    if column in ("accuracy", "macro-F1", "log loss"):
        return f"{value:.4f}"
    return f"{value:,.2f}" if value < 10 else f"{value:,.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--cache", type=Path, help="folder of measurements to reuse")
    parser.add_argument("--assemble", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.assemble:
        largest, data = args.assemble
        joblib.dump(assemble(int(largest)), data)
        return 0
    if args.measure:
        key, n, data = args.measure
        measure(key, int(n), data)
        return 0
    keys = args.models.split(",")
    sizes = [int(n) for n in args.sizes.split(",")]
    rows = run(keys, sizes, args.cache)
    report(rows, keys, sizes)
    ours, svm = (rows.get(f"{key} 1000000") for key in ("ours", "svm"))
    if not ours or not svm:
        return 0
    fast = ours["fit s (CPU)"] <= svm["fit s (CPU)"]
    return int(not fast or ours["accuracy"] < svm["accuracy"] + 0.01)


if __name__ == "__main__":
    sys.exit(main())
