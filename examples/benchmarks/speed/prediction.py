"""Time prediction; sections return header, rows and figures for the bars, and print docstrings."""

import copy
import subprocess
import sys
from functools import partial

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from sknames import CharEncoder
from tools.measuring import linear

from .measuring import interleave, number, rates, ratio, ratios, threads
from .rivals import RecurrentProducts, TorchNet, padded_prediction


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
    for net in ["GRU 128", "GRU 256", "GRU 256 x 2", "Elman 128"]:
        packed, limit = TorchNet(net, data, packed=True).eval(), RecurrentProducts(data, net)
        functions = {"padded": padded_prediction(data, net)}
        for chunk in (256, 1024, 4096):
            functions[f"packed {chunk}"] = partial(packed.predict_proba, data.codes, chunk)
        for dtype, predict_proba in data.both_types(net).items():
            functions[dtype] = partial(predict_proba, data.codes)
        functions["limit"] = limit
        t = interleave(functions, data.rounds, len(data.codes))
        best = min((w for w in t if w.startswith("packed")), key=lambda what: np.median(t[what]))
        pairs = {"float32 / padded": ("padded", "float32")}
        pairs |= {f"{dtype} / packed": (best, dtype) for dtype in ("float32", "float64")}
        over = ratios(t, pairs | {"share of the limit": ("limit", "float32")})
        gflops = limit.n_flop / len(data.codes) / np.median(t["limit"]) / 1e9
        shown = rates(t, "padded", best, "float32", "float64")
        rows.append([net, *shown, best.split()[1], *map(number, [*over.values(), gflops])])
        found |= {f"predict {net}, {title}": x for title, x in over.items()}
    header = ["", "padded", "packed", "float32", "float64", "best chunk", *over, "limit, GFLOP/s"]
    return header, rows, found


def strings(data):
    """Strings to labels, names/s.

    The linear models are of TF-IDF of `char_wb` n-grams of 1 to 5 and trained on the same names,
    LogisticRegression for 5 iterations only, since time does not depend on the weights.
    """
    svm, logreg = linear(LinearSVC()), linear(LogisticRegression(max_iter=5))
    models = {
        "LinearSVC": svm.fit(data.names, data.labels).predict,
        "LogisticRegression": logreg.fit(data.names, data.labels).predict,
    }
    ours = data.pipelines(
        *("GRU 128 alone, float32", "Elman 128 alone, float32"),
        *("default (n-grams)", "default with float64"),
    )
    models |= {what: pipeline.predict for what, pipeline in ours.items()}
    functions = {what: partial(model, data.names) for what, model in models.items()}
    t = interleave(functions, data.rounds, len(data.names))
    over = {what: ratio(t, "LinearSVC", what) for what in t}
    rows = [[what, *rates(t, what), number(over[what])] for what in t]
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
        t, over = against_packed(data, "GRU 128", codes, encoder, warm_up=False)
        rows.append([f"{n:,} {kind}", *rates(t), *map(number, over.values())])
        found |= {f"1M {kind}, {title}": x for title, x in over.items()}
    return ["", *t, *over], rows, found


def hidden(data):
    """Codes to probabilities with the hidden size of a GRU, names/s; packed in chunks of 1,024."""
    rows = []
    for size in (32, 64) if data.quick else (32, 64, 128, 256, 512):
        t, over = against_packed(data, f"GRU {size}", data.codes)
        rows.append([size, *rates(t), number(over["float32 / packed"])])
    return ["hidden size", *t, "float32 / packed"], rows, {}


def against_packed(data, net, codes, encoder=None, warm_up=True):
    """Times of both dtypes, and of packed sequences on the first 50,000; ratios to the latter."""
    models, sample = data.both_types(net, encoder), codes[:50_000]
    packed = TorchNet(net, data, encoder, packed=True)
    functions = {"packed": partial(packed.predict_proba, sample)}
    functions |= {dtype: partial(predict_proba, codes) for dtype, predict_proba in models.items()}
    counts = {"packed": len(sample)} | dict.fromkeys(models, len(codes))
    t = interleave(functions, min(3, data.rounds), counts, warm_up)
    return t, ratios(t, {f"{dtype} / packed": ("packed", dtype) for dtype in models})


def two_threads(data):
    """Two threads set by the caller (torch and BLAS) while another process holds a core, against
    one thread beside the same process: names/s of `predict_proba` and `fit`, GRU 128 alone.
    """
    model, part = data.pipeline()["classify"], data.distinct[::5]
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
    over = ratios(t, {what: ((what, 1), (what, 2)) for what in ("predict", "train")})
    rows = [[what, *rates(t, (what, 1), (what, 2)), number(over[what])] for what in over]
    found = {f"{what}, two threads beside a busy core / one": x for what, x in over.items()}
    return ["", "one thread", "two threads", "two / one"], rows, found
