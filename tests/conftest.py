"""Data, models and ways to start processes that several tests share."""

import csv
import io
import os
import re
import shlex
import signal
import subprocess
import tarfile
import threading
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path

# Both variables are read at the first import. Without this one, scikit-learn skips a
# check of estimators.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
# Several workers, with several threads each, would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from sknames import (
    CharEncoder,
    NameNationalityClassifier,
    estimate_shares,
    load_pretrained,
)
from sknames._network.network import Network
from sknames._network.ngrams import NGrams, inverse_document_frequency
from sknames._network.words import Words
from sknames.datasets import load_names

PATIENCE = 300  # seconds that a process may take, on a busy machine

# A shell starts background processes with Ctrl-C ignored, which their children inherit.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Parameters of a classifier that is fitted on `small_names` in some 40 ms, with an
# accuracy far above chance.
TINY = {
    "hidden_size": 8,
    "embedding_dim": 4,
    "max_epochs": 3,
    "batch_size": 32,
    "lr": 0.02,
    "random_state": 0,
}


CLASSES = np.array(["Danish", "Dutch", "Irish", "Norwegian", "Turkish"])


class Known:
    """A model that returns the first columns of X as probabilities.

    Further columns distinguish names with the same probabilities.
    """

    def __init__(self, classes=CLASSES):
        self.classes_ = np.asarray(classes)

    def predict_proba(self, X):
        return np.asarray(X)[:, : len(self.classes_)]


class Given(DummyClassifier):
    """A classifier that returns its input as probabilities."""

    def predict_proba(self, X):
        return np.asarray(X)


def draw_people(mix, n, seed=0):
    """Draw n people; return calibrated probabilities (n, k) and labels (n,), integers.

    `mix` (k,) holds the probability of each label.
    """
    rng = np.random.default_rng(seed)
    k = len(mix)
    labels = rng.choice(k, n, p=mix)
    ratios = np.exp(3 * (rng.normal(size=(n, k)) * 0.7 + np.eye(k)[labels]))
    return ratios / ratios.sum(axis=1, keepdims=True), labels


def distinct(rows):
    """Append a distinct number to each row of probabilities, as names for `Known`."""
    return np.column_stack([rows, np.arange(len(rows))])


def shares_of(proba, classes=CLASSES, **params):
    """Estimate the shares of distinct names with these probabilities."""
    params = {"n_draws": 200, "random_state": 0} | params
    return estimate_shares(Known(classes), distinct(proba), **params)


@contextmanager
def start_process(*command, **options):
    """Start a command; end it and its children with the block, or after `PATIENCE`."""
    command = [str(part) for part in command]
    with subprocess.Popen(command, start_new_session=True, **options) as running:

        def kill():
            with suppress(OSError):  # where all have ended
                os.killpg(running.pid, signal.SIGKILL) if hasattr(
                    os, "killpg"
                ) else running.kill()

        timer = threading.Timer(PATIENCE, kill)
        timer.start()
        try:
            yield running
            running.wait()
        finally:
            timer.cancel()
            kill()


def run_process(*command, code=0, input=None, **options):
    """Run a command until it ends, and check its exit status, unless `code` is None."""
    pipe = subprocess.PIPE
    options = {
        "stdin": pipe,
        "stdout": pipe,
        "stderr": pipe,
        "encoding": "utf-8",
    } | options
    with start_process(*command, **options) as running:
        out, error = running.communicate(input)
    assert code in (None, running.returncode), f"{running.returncode}: {error}"
    return subprocess.CompletedProcess(running.args, running.returncode, out, error)


@pytest.fixture
def run_here(capfd):
    """Return a function that runs a command line here and returns its two outputs."""
    from sknames._cli.main import run as run_command

    def run(line, code=0):
        with warnings.catch_warnings(action="default"):
            found = run_command(shlex.split(line))
        said = capfd.readouterr()
        assert code in (None, found), said.err
        return said

    return run


# Output that depends on the machine: file sizes, and seconds, with a fingerprint after
# them if the model was trained here.
OF_THE_MACHINE = re.compile(r"\d+\.\d (s|MB)\b(; sknames \S+ \S+$)?", re.M)
NUMBER = re.compile(r"\d+(?:\.\d*)?(?:e[+-]\d+)?")


def assert_prints(printed, shown, rel=0, abs=1e-5):
    """Check that a printed text equals a shown one, with a tolerance for numbers.

    The sixth digit of a probability differs between processors.
    """
    printed = OF_THE_MACHINE.sub(r"... \1", printed)
    shown = OF_THE_MACHINE.sub(r"... \1", shown)
    assert NUMBER.sub("#", printed) == NUMBER.sub("#", shown)
    expected = [float(number) for number in NUMBER.findall(shown)]
    found = [float(number) for number in NUMBER.findall(printed)]
    assert found == pytest.approx(expected, rel=rel, abs=abs)


def archive(files, mode="w:xz"):
    """Return a tar archive of files, given as bytes by path."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def write_package(path, files):
    """Write a Debian package with these files."""
    members = {
        "debian-binary": b"2.0",
        "control.tar.gz": b"",
        "data.tar.xz": archive(files),
    }
    content = b"!<arch>\n"
    for name, member in members.items():
        size = len(member)
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{size:<10}`\n"
        content += header.encode() + member
        if size % 2:
            content += b"\n"
    path.write_bytes(content)
    return path


def tiny_pipeline(max_length=12, **params):
    """An encoder and a tiny classifier, not fitted; `params` are the classifier's."""
    classify = NameNationalityClassifier(**(TINY | params))
    return Pipeline(
        [("encode", CharEncoder(max_length=max_length)), ("classify", classify)]
    )


def random_codes(n_rows, n_columns, n_symbols, seed=0):
    """Return rows of random symbols and random lengths; some rows are empty."""
    rng = np.random.RandomState(seed)
    codes = rng.randint(1, n_symbols + 1, size=(n_rows, n_columns)).astype(np.uint8)
    codes[np.arange(n_columns) >= rng.randint(0, n_columns + 1, size=(n_rows, 1))] = 0
    return codes


def random_network(
    cell="gru", num_layers=1, hidden_size=5, n_classes=4, ngram_range=(1, 4), *, seen,
    symbols, embedding_dim=64, separator=None, n_labels=None,
):  # fmt: skip
    """Make a network of random weights, with n-grams, words and a head of `n_labels`.

    Unlike n-grams of `fit`, its n-grams cross the separator, so that the code that
    looks them up has to stop there.
    """
    rng = np.random.RandomState(0)

    def uniform(*shape):
        weights = rng.uniform(-2, 2, size=shape) / np.sqrt(hidden_size)
        return weights.astype(np.float32)

    n_codes = len(symbols) + 2
    n_gates = {"gru": 3}.get(cell, 1) * hidden_size
    weights = {}
    keys = ()
    words = None
    if embedding_dim:
        weights["embedding"] = uniform(n_codes, embedding_dim)
    input_size = embedding_dim or n_codes
    for k in range(num_layers):
        weights[f"cells.{k}.weight_ih"] = uniform(n_gates, input_size)
        weights[f"cells.{k}.weight_hh"] = uniform(n_gates, hidden_size)
        weights[f"cells.{k}.bias_ih"] = uniform(n_gates)
        weights[f"cells.{k}.bias_hh"] = uniform(n_gates)
        input_size = hidden_size
    for name, n in [("output", n_classes), ("next_symbol", n_codes)]:
        weights[f"{name}.weight"] = uniform(n, hidden_size)
        weights[f"{name}.bias"] = uniform(n)
    if ngram_range is not None:
        ngrams, frequency = NGrams.fit(seen, ngram_range, 2, n_codes + 1)
        keys = ngrams.keys
        weights["ngram_idf"] = inverse_document_frequency(frequency, len(seen))
        weights["ngram_weight"] = uniform(len(frequency), n_classes)
    if n_labels is not None:
        features = np.arange(1, len(frequency), 3, dtype=np.int32)
        weights |= {
            "head.weight": uniform(n_labels, n_classes),
            "head.bias": uniform(n_labels),
        }
        weights |= {
            "head.ngrams": features,
            "head.ngram_weight": uniform(len(features), n_labels),
        }
        labels = rng.randint(n_labels, size=len(seen))
        words = Words.fit(seen, labels, np.ones(len(seen)), n_labels, separator, 1)
    prior = np.full(n_labels or n_classes, 1 / (n_labels or n_classes))
    return Network(cell, symbols, weights, keys, separator, prior, words)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A temporary folder, to which SKNAMES_DATA is set."""
    monkeypatch.setenv("SKNAMES_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="session")
def judged():
    """Return the reason why each text is not a name, empty for names.

    Python, command line, service and page must agree on it.
    """
    unprintable = {
        "missing name": ["", " \t\n", "\u200b", "\u3164", "\x00\x1f", '"\u200d “'],
        "organization": ["TU\u0308RKİYE IS\u0327 BANKASI"],
        "no known letter": ["\u0301", "\u31641"],
        "": ["Ana\x00"],
    }
    path = Path(__file__).with_name("data") / "typed_texts.csv"
    with path.open(encoding="utf-8") as file:
        typed = {row["text"]: row["reason"] for row in csv.DictReader(file)}
    return typed | {
        text: reason for reason, some in unprintable.items() for text in some
    }


@pytest.fixture(scope="session")
def all_names():
    """The shipped names, in all scripts."""
    return load_names(script="all")


@pytest.fixture(scope="session")
def small_names():
    """200 real names of four nationalities, and their nationalities."""
    names, nationalities = load_names(return_X_y=True)
    chosen = [
        i
        for nationality in ("Greek", "Japanese", "Polish", "Turkish")
        for i in (nationalities == nationality).nonzero()[0][:100:2]
    ]
    return names[chosen], nationalities[chosen]


@pytest.fixture(scope="session")
def codes(small_names):
    """The codes of `small_names`, and their nationalities."""
    names, nationalities = small_names
    return CharEncoder(max_length=12).fit_transform(names), nationalities


@pytest.fixture(scope="session")
def tiny(small_names):
    """A tiny pipeline fitted on `small_names`. Copy it before changing it."""
    return tiny_pipeline().fit(*small_names)


@pytest.fixture(scope="session")
def shipped():
    """The shipped model with its default priors. Copy it before changing it."""
    return load_pretrained()


@pytest.fixture(scope="session")
def shipped_uniform():
    """The shipped model with uniform priors."""
    return load_pretrained(priors="uniform")
