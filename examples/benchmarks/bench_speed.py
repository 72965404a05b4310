"""Speed of sknames beside torch's own recurrent nets, linear models and the machine's limit.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_speed.py --ten-million``: it prints a
Markdown report and takes some 20 minutes. ``--quick`` tries all of it on tiny sizes in two minutes;
its figures mean nothing.
"""

import argparse
import copy
import inspect
import json
import operator
import os
import subprocess
import sys
import time
import tracemalloc
import unicodedata
import warnings
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import numpy as np
import torch
from anyascii import anyascii
from bench_accuracy import FastText, fold, linear, machine, table
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC
from skorch import NeuralNetClassifier
from skorch.callbacks import GradientNormClipping
from threadpoolctl import threadpool_limits
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence

from sknames import CharEncoder, NameNationalityClassifier
from sknames._auto_settings import resolve_auto
from sknames._network import Network
from sknames._prefixes import plan_prefixes
from sknames._rows import Rows
from sknames._training import build_net
from sknames.datasets import fetch_names, load_names

NETS = {  # cell, hidden size, layers
    "GRU 128": ("gru", 128, 1),
    "GRU 256": ("gru", 256, 1),
    "GRU 256 x 2": ("gru", 256, 2),
    "Elman 128": ("rnn", 128, 1),
    "RNN 256": ("rnn", 256, 1),
} | {f"GRU {size}": ("gru", size, 1) for size in (32, 64, 512)}


class Data:
    """What the sections share: the tutorial's names, their codes, and models of them."""

    def __init__(self, folder, quick, ten_million):
        self.folder, self.quick, self.ten_million = Path(folder), quick, ten_million and not quick
        self.rounds = 2 if quick else 5
        names, labels = (x[:: 8 if quick else 1] for x in fetch_names(return_X_y=True))
        self.names = np.array([fold(name) for name in names], dtype=object)
        self.labels = labels.astype(str)
        self.classes, self.y = np.unique(self.labels, return_inverse=True)
        self.encoder = CharEncoder().fit(self.names)
        self.codes = self.encoder.transform(self.names)
        pairs = np.column_stack([self.codes, self.y])
        self.distinct = np.sort(np.unique(pairs, axis=0, return_index=True)[1])
        bundled = load_names()
        given = sorted({fold(name) for name in bundled.data[bundled.part == "given"]})
        self.given = sorted(np.random.default_rng(0).permutation(given)[:1000].tolist())
        self.surnames = sorted(set(self.names))

    def full_names(self, n):
        """Yield n distinct full names in random order."""
        n_given = len(self.given)
        choice = np.random.default_rng(0).choice(n_given * len(self.surnames), n, replace=False)
        for i in choice.tolist():
            yield f"{self.given[i % n_given]} {self.surnames[i // n_given]}"

    def ours(self, net="GRU 128", dtype="float32", *, encoder=None, ngrams=False):
        """Encoder and classifier, trained for an epoch: time does not depend on the weights.

        It does on the number of n-grams, so that a model of these needs the whole data.
        """
        cell, hidden_size, num_layers = NETS[net]
        classifier = NameNationalityClassifier(
            cell=cell,
            hidden_size=hidden_size,
            num_layers=num_layers,
            ngram_range=(1, 5) if ngrams else None,
            max_epochs=1,
            dtype=dtype,
            random_state=0,
        )
        encoder, step = encoder or self.encoder, 1 if ngrams else 10
        classifier.fit(encoder.transform(self.names[::step]), self.labels[::step])
        return Pipeline([("encode", encoder), ("classify", classifier)])

    def both_types(self, net="GRU 128", encoder=None):
        """`predict_proba` of the net alone in float32, and in float64."""
        single = self.ours(net, encoder=encoder)["classify"]
        return single.predict_proba, copy.deepcopy(single).set_params(dtype="float64").predict_proba

    def torch_net(self, net, encoder=None, **params):
        n_codes = (encoder or self.encoder).unknown_code_ + 1
        return TorchNet(net, n_codes, len(self.classes), **params)

    def saved(self, model):
        path = self.folder / f"{time.time_ns()}.joblib"
        joblib.dump(model, path)
        return path


class TorchNet(nn.Module):
    """torch.nn's GRU or RNN, between an embedding (or one-hot characters) and a linear layer."""

    def __init__(self, net, n_codes, n_classes, packed=False, one_hot=False):
        super().__init__()
        cell, hidden_size, num_layers = NETS[net]
        self.packed, self.n_codes = packed, n_codes
        self.embedding = None if one_hot else nn.Embedding(n_codes, 64)
        kind = {"gru": nn.GRU, "rnn": nn.RNN}[cell]
        self.net = kind(n_codes if one_hot else 64, hidden_size, num_layers, batch_first=True)
        self.output = nn.Linear(hidden_size, n_classes)

    def forward(self, codes):
        one_hot = self.embedding is None
        x = F.one_hot(codes, self.n_codes).float() if one_hot else self.embedding(codes)
        lengths = (codes != 0).sum(dim=1)
        if self.packed:
            x = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            return self.output(self.net(x)[1][-1])
        return self.output(self.net(x)[0][torch.arange(len(x)), lengths - 1])

    def predict_proba(self, codes, chunk=1024):
        with torch.inference_mode():
            parts = torch.from_numpy(codes.astype(np.int64)).split(chunk)
            return torch.cat([self(part).softmax(dim=1) for part in parts]).numpy()


# ---- Measuring


def interleave(functions, rounds, n=1, warm_up=True):
    """Seconds per name, {what: array over the rounds}; a function treats n (or n[what]) names.

    A round calls all functions in turn, so that the machine's other work meets them alike.
    """
    seconds = {what: [] for what in functions}
    for k in range(-warm_up, rounds):
        for what, function in functions.items():
            start = time.perf_counter()
            function()
            if k >= 0:
                count = n[what] if isinstance(n, dict) else n
                seconds[what].append((time.perf_counter() - start) / count)
    return {what: np.array(values) for what, values in seconds.items()}


def ratio(seconds, a, b):
    """How many times as long a takes as b: the median over the rounds."""
    return float(np.median(seconds[a] / seconds[b]))


def rates(seconds, *keys):
    return [number(1 / np.median(seconds[key])) for key in keys or seconds]


def number(x):
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


@contextmanager
def threads(n):
    """What a caller does who wants n threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        with threadpool_limits(n):
            yield
    finally:
        torch.set_num_threads(before)


def child(code, *args):
    """Run code in a new process on one thread and return what it prints."""
    one = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1")
    command = [sys.executable, "-c", code, *map(str, args)]
    done = subprocess.run(
        command, check=True, text=True, stdout=subprocess.PIPE, env=os.environ | one
    )
    return done.stdout


# ---- Sections: each returns a header, rows, and what the bars ask for; its docstring is printed


def predict(data):
    """Codes to probabilities, names/s.

    "Padded" is skorch's `predict_proba` with a padded `torch.nn.GRU` or `RNN` and a DataLoader of
    batch 128; "packed" the same module on packed sequences, in chunks, the best of 256, 1,024 and
    4,096. Ours is the net alone. The GEMM limit is the time that numpy takes for the recurrent
    products alone, (256, H) x (H, 3H) in float32 (H x H for Elman), one row for each distinct
    prefix of all names: 6 H^2 flop a prefix for a GRU and 2 H^2 for Elman, three times as many for
    two layers. It is measured in the same rounds, on operands that stay in the cache.
    """
    rows, found = [], {}
    n, n_nodes = len(data.codes), len(plan_prefixes(data.codes).symbols) - 1
    wide = data.codes.astype(np.int64)
    for net in ["GRU 128", "GRU 256", "GRU 256 x 2", "Elman 128"]:
        cell, size, layers = NETS[net]
        module = data.torch_net(net)
        padded = NeuralNetClassifier(module, batch_size=128, criterion=nn.CrossEntropyLoss)
        packed = data.torch_net(net, packed=True).eval()
        single, double = data.both_types(net)
        width = 3 * size if cell == "gru" else size
        n_products = -(-n_nodes // 256) * (2 * layers - 1)
        functions = {"padded": partial(padded.initialize().predict_proba, wide)}
        for chunk in (256, 1024, 4096):
            functions[f"packed {chunk}"] = partial(packed.predict_proba, data.codes, chunk)
        functions |= {
            "ours": partial(single, data.codes),
            "double": partial(double, data.codes),
            "limit": gemm(size, width, n_products),
        }
        t = interleave(functions, data.rounds, n)
        best = min([what for what in t if "packed" in what], key=lambda what: np.median(t[what]))
        pairs = [("padded", "ours"), (best, "ours"), (best, "double"), ("limit", "ours")]
        over = [ratio(t, *pair) for pair in pairs]
        gflops = 2 * 256 * size * width * n_products / n / np.median(t["limit"]) / 1e9
        shown = rates(t, "padded", best, "ours", "double")
        rows.append([net, *shown, best.split()[1], *map(number, [*over, gflops])])
        names = ["float32 / padded", "float32 / packed", "float64 / packed", "share of the limit"]
        found |= {f"predict {net}, {name}": x for name, x in zip(names, over, strict=True)}
    header = ["", "padded", "packed", "float32", "float64", "best chunk", "float32 / padded"]
    header += ["float32 / packed", "float64 / packed", "share of the limit", "limit, GFLOP/s"]
    return header, rows, found


def gemm(size, width, n_products):
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(s, dtype=np.float32) for s in ((256, size), (size, width)))
    out = np.empty((256, width), dtype=np.float32)

    def run():
        for _ in range(n_products):
            np.matmul(a, b, out=out)

    return run


def strings(data):
    """Strings to labels, names/s.

    The linear models are of TF-IDF of `char_wb` n-grams of 1 to 5 and trained on the same names,
    LogisticRegression for 5 iterations only, since time does not depend on the weights. fastText
    has n-grams of 2 to 5 and gives one label.
    """
    svm, logreg = linear(LinearSVC()), linear(LogisticRegression(max_iter=5))
    models = {
        "LinearSVC": svm.fit(data.names, data.labels).predict,
        "LogisticRegression": logreg.fit(data.names, data.labels).predict,
    }
    if find_spec("fasttext"):
        model = FastText().fit(data.names, data.labels).model_
        models["fastText"] = lambda names: model.predict(list(names))
    models |= {
        "GRU 128 alone, float32": data.ours().predict,
        "Elman 128 alone, float32": data.ours("Elman 128").predict,
        "default (n-grams)": data.ours(dtype="auto", ngrams=True).predict,
        "default with float64": data.ours(dtype="float64", ngrams=True).predict,
    }
    functions = {what: partial(model, data.names) for what, model in models.items()}
    t = interleave(functions, data.rounds, len(data.names))
    over = {what: ratio(t, "LinearSVC", what) for what in t}
    rows = [[what, *rates(t, what), number(over[what])] for what in t]
    rows += [] if "fastText" in t else [["fastText", "not installed", "-"]]
    found = {f"strings to labels, {what} / LinearSVC": x for what, x in over.items()}
    return ["", "names/s", "/ LinearSVC"], rows, found


def million(data):
    """A million names, codes to probabilities, names/s, GRU 128 alone.

    Surnames are drawn from the tutorial's names with replacement. Full names are distinct, each
    one of 1,000 given names of `load_names()` and one of the tutorial's names: with more given
    names, fewer prefixes are shared. Packed `torch.nn.GRU`, in chunks
    of 1,024, runs on the first 50,000 only and is scaled.
    """
    n, rows, found = (20_000 if data.quick else 1_000_000), [], {}
    surnames = np.random.default_rng(0).choice(data.names, n)
    kinds = {"surnames with repetition": surnames, "distinct full names": [*data.full_names(n)]}
    for kind, names in kinds.items():
        encoder = CharEncoder().fit([*data.names, *names])
        codes = encoder.transform(names)
        sample = codes[:50_000]
        single, double = data.both_types(encoder=encoder)
        packed = data.torch_net("GRU 128", encoder, packed=True).predict_proba
        functions = {"packed": partial(packed, sample), "float32": partial(single, codes)}
        functions["float64"] = partial(double, codes)
        counts = {"packed": len(sample), "float32": n, "float64": n}
        t = interleave(functions, min(3, data.rounds), counts, warm_up=False)
        over = [ratio(t, "packed", what) for what in ("float32", "float64")]
        rows.append([f"{n:,} {kind}", *rates(t), *map(number, over)])
        found[f"1M {kind}, float32 / packed"] = over[0]
    return ["", *t, "float32 / packed", "float64 / packed"], rows, found


def train(data):
    """An epoch of training, names/s.

    All take the distinct (name, language) pairs in batches, AdamW, and clip the gradient's norm
    to 1. "Padded" is skorch with a padded module and a DataLoader, as one writes it; "packed" a
    bare loop on packed sequences with fused AdamW. Ours is the net alone without dropout and
    without the loss of the next symbol, so that the losses are alike: through skorch as in `fit`,
    and as a bare loop on the same batches.
    """
    rows, found = [], {}
    for net, size in [("GRU 128", 256), ("GRU 128", 512), ("GRU 256", 256), ("Elman 128", 256)]:
        functions = {
            "padded": padded_epoch(data, net, size),
            "packed": packed_epoch(data, net, size),
            "bare": our_epoch(data, net, size),
            "skorch": our_epoch(data, net, size, bare=False),
        }
        t = interleave(functions, data.rounds, len(data.distinct))
        pairs = [("padded", "skorch"), ("packed", "skorch"), ("skorch", "bare")]
        over = [ratio(t, *pair) for pair in pairs]
        rows.append([net, size, *rates(t), *map(number, over)])
        names = ["ours / padded", "ours / packed", "time through skorch / bare loop"]
        found |= {f"train {net}, {size}, {name}": x for name, x in zip(names, over, strict=True)}
    return ["", "batch", "padded", "packed", "ours, bare", "ours, skorch", *names], rows, found


def padded_epoch(data, net, batch_size):
    model = NeuralNetClassifier(
        data.torch_net(net),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        lr=1e-3,
        batch_size=batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=[GradientNormClipping(1.0)],
        verbose=0,
    ).initialize()
    X, y = data.codes[data.distinct].astype(np.int64), data.y[data.distinct]
    return partial(model.partial_fit, X, y, epochs=1)


def packed_epoch(data, net, batch_size):
    module = data.torch_net(net, packed=True)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3, fused=True)
    X = torch.from_numpy(data.codes[data.distinct].astype(np.int64))
    y = torch.from_numpy(data.y[data.distinct])

    def run():
        for index in torch.randperm(len(X)).split(batch_size):
            optimizer.zero_grad()
            F.cross_entropy(module(X[index]), y[index]).backward()
            clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()

    return run


def our_epoch(data, net, batch_size, *, bare=True, sample=None, **params):
    index = data.distinct if sample is None else sample
    rows = Rows(data.codes[index], data.y[index], np.ones(len(index), dtype=np.float32))
    cell, hidden_size, num_layers = NETS[net]
    settings = NameNationalityClassifier(
        cell=cell, hidden_size=hidden_size, num_layers=num_layers, batch_size=batch_size,
        dropout=0, symbol_dropout=0, next_symbol_weight=0, lr=1e-3, weight_decay=0, **params,
    ).get_params()  # fmt: skip
    model = build_net(
        Network(cell, np.arange(1, data.encoder.unknown_code_), {}),
        data.classes,
        resolve_auto(settings, len(rows)),
        prior=np.zeros(len(data.classes)),
        n_batches=-(-len(rows) // batch_size),
        held_out=None,
        rng=np.random.RandomState(0),
    ).initialize()
    if not bare:
        model.notify("on_train_begin", X=rows, y=None)
        return partial(model.fit_loop, rows, epochs=1)
    module, criterion = model.module_.train(), model.criterion_
    batches = model.get_iterator(rows, training=True)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3, weight_decay=0, fused=True)

    def run():
        for batch, _ in batches:
            optimizer.zero_grad()
            criterion(module(batch.plan)[0], batch, True).backward()
            clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()

    return run


def blog(data):
    """Training as in the blog post that sknames grew out of, names/s.

    One-hot characters, hidden size 256, `torch.nn`, Adam, one name a step, on 300 names; ours has
    one-hot characters too and is a bare loop at batch 128, on 2,560 names.
    """
    rows, found = [], {}
    sample = np.random.default_rng(0).choice(data.distinct, 256 if data.quick else 2560)
    few = sample[: 20 if data.quick else 300].tolist()
    X, y = torch.from_numpy(data.codes.astype(np.int64)), torch.from_numpy(data.y)
    for net in ["GRU 256 x 2", "RNN 256"]:
        module = data.torch_net(net, one_hot=True)
        optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)

        def one_by_one(module=module, optimizer=optimizer):
            for i in few:
                optimizer.zero_grad()
                name = X[i : i + 1, : np.count_nonzero(data.codes[i])]
                F.cross_entropy(module(name), y[i : i + 1]).backward()
                optimizer.step()

        ours = our_epoch(data, net, 128, sample=sample, embedding_dim=None)
        counts = {"blog": len(few), "ours": len(sample)}
        t = interleave({"blog": one_by_one, "ours": ours}, data.rounds, counts)
        over = ratio(t, "blog", "ours")
        rows.append([net, *rates(t), number(over)])
        found[f"train {net}, 128, ours / the blog's loop"] = over
    return ["", "one name a step", "ours, batch 128", "ours / the blog's"], rows, found


def fit(data):
    """`fit` from strings, seconds, on all distinct (name, language) pairs. The linear models are of
    the TF-IDF above, LogisticRegression with scikit-learn's limit of 100 iterations.
    """
    X, y = data.names[data.distinct], data.labels[data.distinct]
    models = {
        "LogisticRegression(C=10)": linear(LogisticRegression(C=10)),
        "LinearSVC": linear(LinearSVC()),
        "default": make_pipeline(CharEncoder(), NameNationalityClassifier()),
        'cell="rnn"': make_pipeline(CharEncoder(), NameNationalityClassifier(cell="rnn")),
    }
    functions = {what: partial(model.fit, X, y) for what, model in models.items()}
    t = interleave(functions, 1 if data.quick else 3, warm_up=False)
    over = {what: ratio(t, what, "LogisticRegression(C=10)") for what in t}
    rows = [[what, number(np.median(t[what])), number(over[what])] for what in t]
    found = {"fit, default / LogisticRegression(C=10), time": over["default"]}
    return ["", "s", "/ LogisticRegression"], rows, found


LATENCY = """
import json, sys, time, joblib
from pathlib import Path
models = [joblib.load(path) for path in sys.argv[2:]]
times = [[] for _ in models]
for name in Path(sys.argv[1]).read_text().splitlines():
    for model, seconds in zip(models, times):
        start = time.perf_counter()
        model.predict_proba([name])
        seconds.append(time.perf_counter() - start)
print(json.dumps([times, "torch" in sys.modules]))
"""


def latency(data):
    """`pipeline.predict_proba([name])`, ms, for one name after the other, without torch: 2,000
    calls after 100 more to warm up, the models in turn.
    """
    models = {
        "GRU 128 alone, float64": data.ours(dtype="float64"),
        "GRU 128 alone, float32": data.ours(),
        "default (n-grams)": data.ours(dtype="auto", ngrams=True),
        "default with float64": data.ours(dtype="float64", ngrams=True),
    }
    sample = np.random.default_rng(0).choice(data.names, 300 if data.quick else 2100)
    path = data.folder / "some.txt"
    path.write_text("\n".join(sample))
    times, with_torch = json.loads(child(LATENCY, path, *map(data.saved, models.values())))
    rows, found = [], {}
    for what, seconds in zip(models, times, strict=True):
        p50, p99 = (1000 * np.percentile(seconds[100:], [50, 99])).tolist()
        rows.append([what, number(p50), number(p99), "yes" if with_torch else "no"])
        found |= {f"one name, {what}, p50, ms": p50, f"one name, {what}, p99, ms": p99}
    return ["", "p50", "p99", "torch imported"], rows, found


COLD = "import sys, joblib; joblib.load(sys.argv[1]).predict(sys.argv[2:])"


def cold(data):
    """A new process that loads a pipeline by joblib and answers for one name, seconds, beside one
    that only imports `sklearn.pipeline`.
    """
    net, default = data.saved(data.ours()), data.saved(data.ours(dtype="auto", ngrams=True))
    functions = {
        "import sklearn.pipeline": partial(child, "import sklearn.pipeline"),
        "GRU 128 alone": partial(child, COLD, net, "yamamoto"),
        "default (n-grams)": partial(child, COLD, default, "yamamoto"),
    }
    t = interleave(functions, 2 if data.quick else 7)
    over = {what: ratio(t, what, "import sklearn.pipeline") for what in t}
    rows = [[what, number(np.median(t[what])), number(over[what])] for what in t]
    return ["", "s", "/ import"], rows, {f"cold process, {what} / import": over[what] for what in t}


def encode(data):
    """`CharEncoder.transform`, names/s, and its peak of memory above the input, by tracemalloc.

    Non-ASCII names are those of `load_names()` that are, repeated, in NFC or in NFD. The Python
    loop normalizes and transliterates where it must, and looks each character up in a dict.
    """
    n, rows, found = (20_000 if data.quick else 500_000), [], {}
    composed = [name for name in load_names().data if not name.isascii()]
    decomposed = [unicodedata.normalize("NFD", name) for name in composed]
    kinds = {"ASCII": data.names, "non-ASCII": composed, "non-ASCII, NFD": decomposed}
    for kind, some in kinds.items():
        names = np.resize(np.array(some, dtype=object), n).tolist()
        encoder = CharEncoder().fit(names)
        functions = {"loop": partial(python_loop, encoder, names)}
        functions["ours"] = partial(encoder.transform, names)
        t = interleave(functions, data.rounds, n)
        tracemalloc.start()
        codes = encoder.transform(names)
        peak = tracemalloc.get_traced_memory()[1] / n
        tracemalloc.stop()
        assert np.array_equal(codes, python_loop(encoder, names))
        over = ratio(t, "loop", "ours")
        rows.append([kind, *rates(t), number(over), number(peak)])
        found[f"encode {kind}, names/s"] = 1 / np.median(t["ours"])
        found |= {f"encode {kind} / Python loop": over, f"encode {kind}, peak bytes a name": peak}
    return ["", "Python loop", "ours", "ours / loop", "peak bytes a name"], rows, found


def python_loop(encoder, names):
    table = {character: code for code, character in enumerate(encoder.alphabet_, start=1)}
    codes = np.zeros((len(names), encoder.max_length_), dtype=np.uint8)
    for i, name in enumerate(names):
        if not name.isascii():
            name = anyascii(unicodedata.normalize("NFC", name))
        row = [table.get(character, encoder.unknown_code_) for character in name.lower()]
        codes[i, : len(row)] = row
    return codes


def two_threads(data):
    """Two threads set by the caller (torch and BLAS) while another process holds a core, against
    one thread beside the same process: names/s of `predict_proba` and `fit`, GRU 128 alone.
    """
    model, part = data.ours()["classify"], data.distinct[::5]
    learner, X, y = copy.deepcopy(model), data.codes[part], data.labels[part]

    def under(n_threads, function, *args):
        with threads(n_threads):
            function(*args)

    functions, counts = {}, {}
    for k in (1, 2):
        functions["predict", k] = partial(under, k, model.predict_proba, data.codes)
        functions["train", k] = partial(under, k, learner.fit, X, y)
        counts["predict", k], counts["train", k] = len(data.codes), len(part)
    spinner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        t = interleave(functions, data.rounds, counts)
    finally:
        spinner.kill()
        spinner.wait()
    over = {what: ratio(t, (what, 1), (what, 2)) for what in ("predict", "train")}
    rows = [[what, *rates(t, (what, 1), (what, 2)), number(over[what])] for what in over]
    found = {f"{what}, two threads beside a busy core / one": x for what, x in over.items()}
    return ["", "one thread", "two threads", "two / one"], rows, found


GROWTH = """
import resource, sys, time, joblib, pandas
from pathlib import Path
pipeline = joblib.load(sys.argv[1])
start = time.perf_counter()
for chunk in pandas.read_csv(sys.argv[2], chunksize=500_000, keep_default_na=False):
    pipeline.predict(chunk["name"])
seconds = time.perf_counter() - start
status = Path("/proc/self/status")  # ru_maxrss may be the parent's on Linux
if status.exists():
    peak = int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(seconds, peak)
"""


def growth(data):
    """Distinct full names (of 1,000 given names) from a CSV file, strings to labels, names/s.

    A process without torch reads 500,000 rows at a time with pandas and predicts (GRU 128 alone,
    float32). Its time has the reading, but not the imports; "peak MB" is its largest resident set.
    Packed `torch.nn.GRU` (chunks of 1,024, our encoder) and TF-IDF + LinearSVC treat the first
    50,000 names at most, without the reading.
    """
    sizes = [1000, 10_000] if data.quick else [10_000, 100_000, 1_000_000]
    sizes += [10_000_000] * data.ten_million
    longest = max(map(len, data.given)) + 1 + max(map(len, data.surnames))
    encoder = CharEncoder(max_length=longest).fit([*data.names, " "])
    model = data.saved(data.ours(encoder=encoder))
    packed = data.torch_net("GRU 128", encoder, packed=True).predict_proba
    svm = linear(LinearSVC()).fit(data.names, data.labels)
    rows, found, path = [], {}, data.folder / "full.csv"
    for n in sizes:
        with path.open("w") as file:
            file.writelines(f"{name}\n" for name in ("name", *data.full_names(n)))
        some, answers = path.read_text().splitlines()[1:50_001], []
        functions = {
            "ours": lambda answers=answers: answers.append(child(GROWTH, model, path).split()),
            "packed": lambda some=some: packed(encoder.transform(some)).argmax(axis=1),
            "LinearSVC": partial(svm.predict, some),
        }
        n_rounds = 1 if data.quick or n > 1_000_000 else 3
        t = interleave(functions, n_rounds, len(some), warm_up=False)
        seconds, peak = np.median(np.array(answers, dtype=float), axis=0)
        shown = [number(n / seconds), *rates(t, "packed", "LinearSVC")]
        rows.append([f"{n:,}", f"{seconds:.3g}", number(peak), *shown])
        if n == 10_000_000:
            found = {"10M full names from CSV, names/s": n / seconds}
            found["10M full names from CSV, peak MB"] = peak
    return ["names", "s", "peak MB", "ours", "packed", "LinearSVC"], rows, found


def plot(path, rows):
    """Names/s against the number of names, of the rows of `growth`."""
    from matplotlib.figure import Figure

    columns = zip(*rows, strict=True)
    n, _, _, *lines = ([float(x.replace(",", "")) for x in column] for column in columns)
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    labels = ["sknames, GRU 128, from CSV", "packed torch.nn.GRU 128", "TF-IDF + LinearSVC"]
    for label, line, marker in zip(labels, lines, "os^", strict=True):
        axes.loglog(n, line, marker=marker, label=label)
    axes.set(xlabel="distinct full names", ylabel="names/s, one thread")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.savefig(path, dpi=150)


def hidden(data):
    """Codes to probabilities with the hidden size of a GRU, names/s; packed in chunks of 1,024."""
    rows = []
    for size in (32, 64) if data.quick else (32, 64, 128, 256, 512):
        single, double = data.both_types(f"GRU {size}")
        packed = data.torch_net(f"GRU {size}", packed=True).predict_proba
        models = {"packed": packed, "float32": single, "float64": double}
        functions = {what: partial(model, data.codes) for what, model in models.items()}
        t = interleave(functions, min(3, data.rounds), len(data.codes))
        rows.append([size, *rates(t), number(ratio(t, "packed", "float32"))])
    return ["hidden size", *t, "float32 / packed"], rows, {}


SECTIONS = {
    function.__name__: function
    for function in (predict, strings, million, train, blog, fit, latency, cold, encode)
} | {"threads": two_threads, "growth": growth, "hidden": hidden}

# ---- The report

AT_LEAST = {
    "predict GRU 128, float32 / padded": 10,
    "predict GRU 128, float32 / packed": 3.2,
    "predict GRU 128, share of the limit": 0.55,
    "predict GRU 128, float64 / packed": 1.6,
    "predict GRU 256, float32 / padded": 8,
    "predict GRU 256, float32 / packed": 3,
    "predict Elman 128, float32 / padded": 12,
    "predict Elman 128, float32 / packed": 3.8,
    "strings to labels, GRU 128 alone, float32 / LinearSVC": 2.5,
    "strings to labels, Elman 128 alone, float32 / LinearSVC": 5,
    "strings to labels, default (n-grams) / LinearSVC": 2.3,
    "1M surnames with repetition, float32 / packed": 20,
    "1M distinct full names, float32 / packed": 3.3,
    "train GRU 128, 256, ours / padded": 3.8,
    "train GRU 128, 256, ours / packed": 1.65,
    "train GRU 128, 512, ours / padded": 4.8,
    "train GRU 128, 512, ours / packed": 2.0,
    "train GRU 256 x 2, 128, ours / the blog's loop": 13,
    "train RNN 256, 128, ours / the blog's loop": 18,
    "10M full names from CSV, names/s": 100_000,
    "predict, two threads beside a busy core / one": 0.8,
    "train, two threads beside a busy core / one": 0.8,
    "encode ASCII, names/s": 5_000_000,
    "encode ASCII / Python loop": 6,
    "encode non-ASCII, names/s": 1_500_000,
}
AT_MOST = {
    "fit, default / LogisticRegression(C=10), time": 1.0,
    "train GRU 128, 256, time through skorch / bare loop": 1.05,
    "one name, GRU 128 alone, float64, p50, ms": 0.25,
    "one name, GRU 128 alone, float64, p99, ms": 0.5,
    "one name, default (n-grams), p50, ms": 0.35,
    "cold process, GRU 128 alone / import": 1.1,
    "10M full names from CSV, peak MB": 1000,
    "encode ASCII, peak bytes a name": 250,
    "encode non-ASCII, peak bytes a name": 250,
}

REPORT = """# Speed

Printed by `{command}` on

- {machine}

{n:,} names of `fetch_names()`, in ASCII and lower case, {n_distinct:,} of them distinct. All run on
one thread. The functions of a comparison are called in turn, in rounds; a ratio is the median of
the rounds' ratios, a rate that of the median time. The load average was {before:.1f} at the start
and {after:.1f} at the end; the benchmark keeps one core busy by itself.
{quick}
## Bars

{bars}

{sections}
"""


def bars_table(found):
    rows = []
    for sense, holds, bars in [
        ("at least", operator.ge, AT_LEAST),
        ("at most", operator.le, AT_MOST),
    ]:
        for what, limit in bars.items():
            x, verdict = found.get(what), "not run"
            if x is not None:
                short = f"**short by {number(abs(x - limit))}**"
                verdict = "pass" if holds(x, limit) else short
            measured = "-" if x is None else number(x)
            rows.append([what, f"{sense} {number(limit)}", measured, verdict])
    return table(["", "bar", "measured", ""], rows)


def parse_sections(text):
    if unknown := set(text.split(",")) - set(SECTIONS):
        raise argparse.ArgumentTypeError(f"unknown {sorted(unknown)}; choose from {list(SECTIONS)}")
    return [name for name in SECTIONS if name in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sections", type=parse_sections, default=list(SECTIONS), help=",".join(SECTIONS)
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to try the script")
    parser.add_argument("--ten-million", action="store_true", help="grow to 10M names")
    parser.add_argument("--output", type=Path, help="Markdown file to write the report to")
    parser.add_argument("--plot", type=Path, help="image of names/s against names (growth)")
    args = parser.parse_args()

    parts, found, before = [], {}, os.getloadavg()[0]
    with threads(1), warnings.catch_warnings(), TemporaryDirectory() as folder:
        warnings.simplefilter("ignore", UserWarning)  # LogisticRegression's iterations
        data = Data(folder, args.quick, args.ten_million)
        for name in args.sections:
            start = time.perf_counter()
            header, rows, more = SECTIONS[name](data)
            print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
            found |= more
            note = inspect.getdoc(SECTIONS[name])
            parts.append(f"## {name.capitalize()}\n\n{note}\n\n{table(header, rows)}")
            if name == "growth" and args.plot:
                plot(args.plot, rows)
    options = f" --sections {','.join(args.sections)}" if len(parts) < len(SECTIONS) else ""
    options += " --quick" * args.quick + " --ten-million" * args.ten_million
    text = REPORT.format(
        command=f"python examples/benchmarks/bench_speed.py{options}",
        machine=machine(),
        n=len(data.names),
        n_distinct=len(data.surnames),
        before=before,
        after=os.getloadavg()[0],
        quick="\n**A quick run, on tiny sizes: its figures mean nothing.**\n" * args.quick,
        bars=bars_table(found),
        sections="\n\n".join(parts),
    )
    print(text)
    if args.output:
        args.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
