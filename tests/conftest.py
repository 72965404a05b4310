"""Data, models and ways to start processes that several tests share."""

import os
import signal
import subprocess
import threading
from contextlib import contextmanager, suppress

# Read when they are first imported. scikit-learn skips a check of estimators without this.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
# Several workers, with several threads each, would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier, load_pretrained
from sknames.datasets import load_names

PATIENCE = 300  # seconds that a process may take, on a busy machine

# A shell starts what it puts into the background with Ctrl-C ignored, and processes inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Parameters of a classifier that learns `small_names` in some 40 ms, far better than chance.
TINY = {
    "hidden_size": 8,
    "embedding_dim": 4,
    "max_epochs": 3,
    "batch_size": 32,
    "lr": 0.02,
    "random_state": 0,
}


@contextmanager
def start_process(*command, **options):
    """Start a command. It and its children end with the block, or when `PATIENCE` is over."""
    command = [str(part) for part in command]
    with subprocess.Popen(command, start_new_session=True, **options) as running:

        def kill():
            with suppress(OSError):  # where all have ended
                os.killpg(running.pid, signal.SIGKILL) if hasattr(os, "killpg") else running.kill()

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
    options = {"stdin": pipe, "stdout": pipe, "stderr": pipe, "encoding": "utf-8"} | options
    with start_process(*command, **options) as running:
        out, error = running.communicate(input)
    assert code in (None, running.returncode), f"{running.returncode}: {error}"
    return subprocess.CompletedProcess(running.args, running.returncode, out, error)


def tiny_pipeline(max_length=12, **params):
    """An encoder and a tiny classifier, not fitted; `params` are the classifier's."""
    classify = NameNationalityClassifier(**(TINY | params))
    return Pipeline([("encode", CharEncoder(max_length=max_length)), ("classify", classify)])


def random_codes(n_rows, n_columns, n_symbols, seed=0):
    """Rows of random symbols and lengths, some of them empty."""
    rng = np.random.RandomState(seed)
    codes = rng.randint(1, n_symbols + 1, size=(n_rows, n_columns)).astype(np.uint8)
    codes[np.arange(n_columns) >= rng.randint(0, n_columns + 1, size=(n_rows, 1))] = 0
    return codes


@pytest.fixture(scope="session")
def judged():
    """Texts, and why they are not names: all of Python, command line, service and page agree."""
    texts = {
        "missing name": ["", " \t\n", '""', "' '", "\u200b", "\u3164", "\x00\x1f", '"\u200d “'],
        "address": ["a.b@c.org", "https://c.org", "www.c.org", "WWW.C.ORG", "foo@bar.org John"],
        "organization": (
            "Smith & Sons Ltd|FOO, INC.|Foo Bar Ltd.,|foo gmbh|Stadtwerke München AG|Foo S. A."
            '|Ikea A/S|Foo Sp. z o.o.|Foo Sp. z o. o|ООО "Ромашка"|ОАО"Банк"|FOO LTD. ŞTİ.'
            "|PT Telkom|(주)삼성|株式会社日立|华为有限公司|בזק בע״מ|บริษัท ก จำกัด|شركة الاتصالات"
        ).split("|"),
        "placeholder": "nan|NaN|None|NULL|n/a|#N/A|Unknown.|TEST TEST|不明|xxx".split("|"),
        "no known letter": ["123", "?!", "😀", "-", "Ⅳ", "☃ 4711", "\u0301", "\u31641", "-'", "@"],
        "": (
            "Anna|王伟|1 Ana|' Ana'|Wwww. Nguyen|Bob @ Home|Anna @ana|Ana\x00|م|Ltd|Pizzeria Napoli"
            "|Ag Yusof|AG YUSOF|Sa Nguyen|Nguyen Sa|NGUYEN SA|Ivar As|IVAR AS|Test Nowak|Na|NA|Nil"
            "|Adnan|ОЛЕГ|Pt Singh"
        ).split("|"),
    }
    return {text: reason for reason, some in texts.items() for text in some}


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
    """A tiny pipeline that has learned `small_names`. Copy it before any change."""
    return tiny_pipeline().fit(*small_names)


@pytest.fixture(scope="session")
def shipped():
    """The model that ships, under its own priors. Copy it before any change."""
    return load_pretrained()


@pytest.fixture(scope="session")
def shipped_uniform():
    """The model that ships, under uniform priors."""
    return load_pretrained(priors="uniform")
