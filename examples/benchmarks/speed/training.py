"""Time training; sections return header, rows and figures for the bars, and print docstrings."""

from functools import partial

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from sknames import CharEncoder, NameNationalityClassifier
from tools.measuring import linear

from .measuring import beside, interleave, number, rates, ratio, ratios
from .ours import our_epochs
from .rivals import one_by_one, packed_epoch, padded_epoch


def train(data):
    """An epoch of training, names/s.

    All take the distinct (name, language) pairs in batches, AdamW, and clip the gradient's norm
    to 1. "Padded" is skorch with a padded module and a DataLoader, as one writes it; "packed" a
    bare loop on packed sequences with fused AdamW. Ours is the net alone without dropout and
    without the loss of the next symbol, so that the losses are alike: through skorch as in `fit`,
    and as a bare loop on the same batches.
    """
    rows, found = [], {}
    pairs = {
        "ours / padded": ("padded", "skorch"),
        "ours / packed": ("packed", "skorch"),
        "time through skorch / bare loop": ("skorch", "bare"),
    }
    for net, size in [("GRU 128", 256), ("GRU 128", 512), ("GRU 256", 256), ("Elman 128", 256)]:
        rivals = {"padded": padded_epoch(data, net, size), "packed": packed_epoch(data, net, size)}
        ours = our_epochs(data, net, size, data.distinct)
        t = interleave(rivals | ours, data.rounds, len(data.distinct))
        over = ratios(t, pairs)
        rows.append([net, size, *rates(t), *map(number, over.values())])
        found |= {f"train {net}, {size}, {title}": x for title, x in over.items()}
    return ["", "batch", "padded", "packed", "ours, bare", "ours, skorch", *pairs], rows, found


def blog(data):
    """Training as in the blog post that sknames grew out of, names/s.

    One-hot characters, hidden size 256, `torch.nn`, Adam, one name a step, on 300 names; ours has
    one-hot characters too and is a bare loop at batch 128, on 2,560 names.
    """
    rows, found = [], {}
    size, n = (256, 20) if data.quick else (2560, 300)
    sample = np.random.default_rng(0).choice(data.distinct, size, replace=False)
    for net in ["GRU 256 x 2", "RNN 256"]:
        ours = our_epochs(data, net, 128, sample, embedding_dim=None)["bare"]
        functions = {"blog": one_by_one(data, net, sample[:n]), "ours": ours}
        t = interleave(functions, data.rounds, {"blog": n, "ours": size})
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
    rows, over = beside(t, "LogisticRegression(C=10)")
    found = {"fit, default / LogisticRegression(C=10), time": over["default"]}
    return ["", "s", "/ LogisticRegression"], rows, found
