"""Prepare the names of all comparisons, and sknames' models."""

import copy
import time
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import torch
from sklearn.pipeline import Pipeline
from skorch.callbacks import Callback
from torch.nn.utils import clip_grad_norm_

from sknames import CharEncoder, NameNationalityClassifier
from sknames._network.forward import Forward
from sknames.datasets import fetch_names, load_names
from tools.measuring import plain

NETS = {  # cell, hidden size, layers
    "GRU 128": ("gru", 128, 1),
    "GRU 256": ("gru", 256, 1),
    "GRU 256 x 2": ("gru", 256, 2),
    "Elman 128": ("rnn", 128, 1),
    "RNN 256": ("rnn", 256, 1),
} | {f"GRU {size}": ("gru", size, 1) for size in (32, 64, 512)}
PIPELINES = {  # parameters of `Data.pipeline`
    "GRU 128 alone, float64": {"dtype": "float64"},
    "GRU 128 alone, float32": {},
    "Elman 128 alone, float32": {"net": "Elman 128"},
    "default (n-grams)": {"dtype": "auto", "ngrams": True},
    "default with float64": {"dtype": "float64", "ngrams": True},
}


class Data:
    """Hold the tutorial's names, their codes, and models of them."""

    def __init__(self, folder, quick, ten_million):
        self.folder, self.quick, self.ten_million = Path(folder), quick, ten_million and not quick
        self.rounds = 2 if quick else 5
        names, labels = (x[:: 8 if quick else 1] for x in fetch_names(return_X_y=True))
        self.names = np.array([plain(name) for name in names], dtype=object)
        self.labels = labels.astype(str)
        self.classes, self.y = np.unique(self.labels, return_inverse=True)
        self.encoder = CharEncoder().fit(self.names)
        self.codes = self.encoder.transform(self.names)
        pairs = np.column_stack([self.codes, self.y])
        self.distinct = np.sort(np.unique(pairs, axis=0, return_index=True)[1])
        bundled = load_names()
        given = sorted({plain(name) for name in bundled.data[bundled.part == "given"]})
        self.given = sorted(np.random.default_rng(0).permutation(given)[:1000].tolist())
        self.surnames = sorted(set(self.names))

    def full_names(self, n):
        """Yield n distinct full names in random order."""
        n_given = len(self.given)
        choice = np.random.default_rng(0).choice(n_given * len(self.surnames), n, replace=False)
        for i in choice.tolist():
            yield f"{self.given[i % n_given]} {self.surnames[i // n_given]}"

    def pipeline(self, net="GRU 128", dtype="float32", *, encoder=None, ngrams=False):
        """Return a pipeline, trained for an epoch, since time does not depend on the weights.

        It depends on the number of n-grams, so a model of these needs all data.
        """
        classifier = classifier_of(net, max_epochs=1, ngram_range=(1, 5) if ngrams else None)
        encoder, step = encoder or self.encoder, 1 if ngrams else 10
        classifier.fit(encoder.transform(self.names[::step]), self.labels[::step])
        classifier._forward = Forward(classifier.network_, dtype)
        return Pipeline([("encode", encoder), ("classify", classifier)])

    def pipelines(self, *titles):
        """Return some of PIPELINES, trained."""
        return {title: self.pipeline(**PIPELINES[title]) for title in titles}

    def both_types(self, net="GRU 128", encoder=None):
        """Return `predict_proba` of the net alone for codes, by dtype."""
        single = self.pipeline(net, encoder=encoder)["classify"]
        double = copy.deepcopy(single)
        double._forward = Forward(double.network_, "float64")
        return {"float32": single.predict_proba, "float64": double.predict_proba}

    def saved(self, model):
        path = self.folder / f"{time.time_ns()}.joblib"
        joblib.dump(model, path)
        return path


def classifier_of(net, **params):
    cell, hidden_size, num_layers = NETS[net]
    return NameNationalityClassifier(
        cell=cell, hidden_size=hidden_size, num_layers=num_layers, random_state=0, **params
    )


class Ready(Exception):
    """Hold the skorch net of a fit and its rows, before the first epoch."""

    def __init__(self, net, rows):
        self.net, self.rows = net, rows


class StopWhenReady(Callback):
    """Stop `fit` before the first epoch."""

    def on_train_begin(self, net, X, **kwargs):
        raise Ready(net, X)


def our_epochs(data, net, batch_size, index, **params):
    """Return functions that train an epoch, {"bare": as a bare loop, "skorch": as in `fit`}."""
    classifier = classifier_of(
        net, batch_size=batch_size, ngram_range=None, dropout=0, regularization=0,
        logit_adjustment=0, lr=1e-3,
        callbacks=[StopWhenReady()], **params,
    )  # fmt: skip
    try:
        classifier.fit(data.codes[index], data.y[index])
    except Ready as ready:
        model, rows = ready.net, ready.rows
    module, criterion = copy.deepcopy(model.module_).train(), model.criterion_
    batches = model.get_iterator(rows, training=True)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3, weight_decay=0, fused=True)

    def bare():
        for batch, _ in batches:
            optimizer.zero_grad()
            criterion(module(batch.plan)[0], batch, True).backward()
            clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()

    return {"bare": bare, "skorch": partial(model.fit_loop, rows, epochs=1)}
