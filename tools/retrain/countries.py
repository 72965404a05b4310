"""What the model of countries learns, and how: a head on the network of nationalities.

The logits of countries are linear in those of nationalities and in some of the n-grams that the
network finds anyway; words add theirs. So the head is as accurate as a network of its own, at a
third of its size: see examples/benchmarks/results/countries.md.
"""

from collections import defaultdict
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from torch.nn import functional as F

from sknames import NameNationalityClassifier
from sknames._network.forward import Forward
from sknames._network.ngrams import NGRAM_SCALE
from sknames._network.words import Words
from sknames._training.bags import Bags, SumOfBags
from sknames._training.optimizer import AdamWWithSparse
from sknames._training.rows import Rows
from sknames._training.torch_settings import one_torch_thread

from .biographies import read_biographies
from .chess_players import read_chess_players
from .recipe import person_of
from .rounding import rounded, with_temperature

SEED = 0
# People of a country, at most, of each source: see `recipe.MOST_PEOPLE`.
MOST_PEOPLE = {"biographies": 12_000, "chess players": 20_000}
LEAST = 10  # people of a country that the model is to know
N_NGRAMS = 50_000  # the most frequent ones of two characters and more
MIN_N = 2
WORD_WEIGHT = 0.8
BATCH_SIZE, MAX_EPOCHS = 512, 3
LR, NGRAM_LR = 0.003, 0.003
NGRAM_DROPOUT = 0.65
GCE_Q = 0.2  # as in `recipe`
TEMPERATURE = 1.925


def people_of_countries(wheel=None, players=None):
    """Return the names of the people of each country, a dict by source of dicts of lists."""
    biographies = read_biographies(wheel, column="alpha_2")
    chess_players = read_chess_players(players, column="alpha_2")[:2]
    sources = {}
    for source, columns in (("biographies", biographies), ("chess players", chess_players)):
        sources[source] = defaultdict(list)
        for name, country in zip(*columns, strict=True):
            sources[source][country].append(name)
    return sources


def training_names(sources, *, without=()):
    """Draw the names that the head learns from the result of `people_of_countries`.

    A person of a country in both sources counts once. `without` has the keys of `person_of` of
    people to leave out. Return names and countries, ndarrays of object.
    """
    rng = check_random_state(SEED)
    names, countries = [], []
    for country in sorted(set().union(*sources.values())):
        seen, drawn = set(without), []
        for source, names_of in sources.items():
            found = rng.permutation(np.array(names_of.get(country, []), dtype=object))
            new = {person_of(name): name for name in found}
            new = [name for person, name in new.items() if person not in seen]
            drawn += new[: MOST_PEOPLE[source]]
            seen |= {*map(person_of, drawn)}
        if len(drawn) >= LEAST:
            names += drawn
            countries += [country] * len(drawn)
    return np.array(names, dtype=object), np.array(countries, dtype=object)


def fit(pipeline, names, countries, *, verbose=0):
    """Train a head on a fitted pipeline, and return a pipeline that predicts countries.

    Its probabilities assume equally frequent countries.
    """
    encoder, classifier = pipeline["encode"], pipeline["classify"]
    network = replace(classifier.network_, words=None)
    classes, labels = np.unique(countries.astype(str), return_inverse=True)
    codes = network.to_codes(encoder.transform(names))
    weights = _train(network, codes, labels, len(classes), verbose)
    words = Words.fit(
        codes, labels, np.ones(len(labels)), len(classes), network.separator, WORD_WEIGHT
    )
    network = replace(
        network,
        weights=network.weights | weights,
        words=words,
        class_prior=np.full(len(classes), 1 / len(classes)),
        class_bias=None,
    )
    network = rounded(with_temperature(network, TEMPERATURE))
    classifier = NameNationalityClassifier.from_network(
        network, classes, n_features_in=classifier.n_features_in_, **classifier.get_params()
    )
    return Pipeline([("encode", encoder), ("classify", classifier)])


def _train(network, codes, labels, n_classes, verbose):
    """Return the weights of the head by name, as `Network` has them."""
    logits = Forward(network, "float32").logits(codes)
    log_prior = np.log(network.class_prior).astype(np.float32)
    logits -= log_prior
    logits -= logits.mean(axis=1, keepdims=True)
    features, starts, values = network.ngrams.tfidf(codes, network.weights["ngram_idf"])
    chosen = _frequent(network, features)
    row_of = np.full(network.n_ngrams, -1, dtype=np.int32)
    row_of[chosen] = np.arange(len(chosen))
    features = row_of[features]
    ngrams = _some_of(features, starts, values, features >= 0)
    everyone = Rows(codes, labels, np.ones(len(labels)), ngrams)

    rng = check_random_state(SEED)
    shapes = {"weight": (n_classes, logits.shape[1]), "bias": (n_classes,)}
    shapes["ngram_weight"] = (len(chosen), n_classes)
    head = {name: torch.zeros(shape, requires_grad=True) for name, shape in shapes.items()}
    # As `NameNationalityClassifier` with logit_adjustment=1: the logits assume equal frequencies.
    counts = np.bincount(labels, minlength=n_classes)
    adjustment = torch.from_numpy(np.log(counts / counts.sum()).astype(np.float32))
    groups = [
        {"params": [head["weight"], head["bias"]], "lr": LR},
        {"params": [head["ngram_weight"]], "lr": NGRAM_LR, "sparse": True, "eps": 1e-8},
    ]
    with one_torch_thread():
        optimizer = AdamWWithSparse(groups, lr=LR, weight_decay=0)
        n_batches = -(-len(labels) // BATCH_SIZE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, [LR, NGRAM_LR], n_batches * MAX_EPOCHS, pct_start=0.1, cycle_momentum=False
        )
        for epoch in range(MAX_EPOCHS):
            total, order = 0.0, rng.permutation(len(labels))
            for start in range(0, len(labels), BATCH_SIZE):
                rows = order[start : start + BATCH_SIZE]
                ngrams = everyone.take(rows).ngrams
                kept = rng.random_sample(len(ngrams[0])) >= NGRAM_DROPOUT
                bags = Bags.of(*_some_of(*ngrams, kept))
                batch = torch.from_numpy(logits[rows]), torch.from_numpy(labels[rows]), bags
                total += optimizer.step(partial(_loss, head, adjustment, *batch)).item()
                schedule.step()
            if verbose:
                print(f"epoch {epoch + 1}: loss {total / n_batches:.4f}", flush=True)
    weight, bias, ngram_weight = (head[name].detach().numpy() for name in shapes)
    # Taking the mean of the logits away, or of these weights, is the same.
    weight -= weight.mean(axis=1, keepdims=True)
    return {
        "head.weight": weight,
        "head.bias": bias - weight @ log_prior,
        "head.ngrams": chosen,
        "head.ngram_weight": ngram_weight,
    }


def _loss(head, adjustment, logits, labels, bags):
    """Compute the generalized cross-entropy of a batch, and the gradients."""
    for parameter in head.values():
        parameter.grad = None
    sums = SumOfBags.apply(head["ngram_weight"], bags.values / (1 - NGRAM_DROPOUT), bags)
    logits = logits @ head["weight"].T + head["bias"] + NGRAM_SCALE * sums
    losses = F.cross_entropy(logits + adjustment, labels, reduction="none")
    loss = -torch.expm1(-GCE_Q * losses).mean() / GCE_Q
    loss.backward()
    return loss.detach()


def _frequent(network, features):
    """Return the features of the most frequent n-grams of MIN_N characters and more, sorted."""
    lengths = np.repeat(np.arange(1, len(network.ngram_keys) + 1), [*map(len, network.ngram_keys)])
    counts = np.bincount(features, minlength=network.n_ngrams)
    counts[lengths[len(lengths) - network.n_ngrams :] < MIN_N] = 0
    return np.sort(np.argsort(-counts, kind="stable")[: min(N_NGRAMS, np.count_nonzero(counts))])


def _some_of(features, starts, values, kept):
    """Return only some entries of all rows: features, starts, values."""
    return features[kept], np.append(0, kept.cumsum())[starts], values[kept]
