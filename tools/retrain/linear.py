"""Fit a linear layer on a trained network: on its logits, and on some of its n-grams.

It is as accurate as a network of its own, and learns a million names a minute. Its labels may be
other ones, of which the result is a head (`countries`), or the network's own, into which it is
folded (`recipe`).
"""

from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np
import torch
from sklearn.utils import check_random_state
from torch.nn import functional as F

from sknames._encoding.spelling import is_other_script
from sknames._network.forward import Forward
from sknames._network.ngrams import NGRAM_SCALE
from sknames._network.prefixes import row_slices
from sknames._network.quantized import dequantize
from sknames._network.words import Words, _keys
from sknames._training.bags import Bags, SumOfBags
from sknames._training.optimizer import AdamWWithSparse
from sknames._training.rows import Rows
from sknames._training.torch_settings import one_torch_thread

SEED = 0
N_NGRAMS = 50_000  # the most frequent ones of two characters and more
MIN_N = 2
RARE_COUNT = 0.0  # the power with which n-grams of names of rare classes count more
BATCH_SIZE, MAX_EPOCHS = 512, 3
LR, NGRAM_LR = 0.003, 0.003
NGRAM_DROPOUT = 0.65
GCE_Q = 0.2  # as in `recipe`


def fit_linear(network, codes, labels, n_classes, *, n_ngrams=N_NGRAMS, verbose=0):
    """Train a linear layer on a network without words, and return its weights by name.

    They are those of a head of `Network`, whose logits assume equally frequent classes.
    """
    logits = Forward(network, "float32").logits(codes)
    log_prior = np.log(network.class_prior).astype(np.float32)
    logits -= log_prior
    logits -= logits.mean(axis=1, keepdims=True)
    features, starts, values = network.ngrams.tfidf(codes, network.weights["ngram_idf"])
    share = np.bincount(labels, minlength=n_classes) / len(labels)
    rare = (share**-RARE_COUNT)[labels].repeat(np.diff(starts))
    chosen = _frequent(network, features, rare, n_ngrams)
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
    adjustment = torch.from_numpy(np.log(share).astype(np.float32))
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


def _frequent(network, features, weights, n):
    """Return the features of the `n` heaviest n-grams of MIN_N characters and more, sorted."""
    lengths = np.repeat(np.arange(1, len(network.ngram_keys) + 1), [*map(len, network.ngram_keys)])
    counts = np.bincount(features, weights, minlength=network.n_ngrams)
    counts[lengths[len(lengths) - network.n_ngrams :] < MIN_N] = 0
    return np.sort(np.argsort(-counts, kind="stable")[: min(n, np.count_nonzero(counts))])


def _some_of(features, starts, values, kept):
    """Return only some entries of all rows: features, starts, values."""
    return features[kept], np.append(0, kept.cumsum())[starts], values[kept]


def fit_words(network, names, codes, labels, n_classes, word_weight):
    """Learn the words of names, but for those in another script that only one name has.

    Most of these are spelled names. They are a third of the table, and gain nothing.
    """
    others = {c for c in {*chain.from_iterable(names)} if is_other_script(c)}
    is_other = np.array([not others.isdisjoint(name) for name in names])
    rows = np.ones(len(codes))
    words = Words.fit(codes, labels, rows, n_classes, network.separator, word_weight)
    of_latin, of_others = (
        np.concatenate([[0], *(_keys(some[k], network.separator)[2] for k in row_slices(some))])
        for some in (codes[~is_other], codes[is_other])
    )
    found, counts = np.unique(of_others, return_counts=True)
    kept = np.isin(words.keys, of_latin) | np.isin(words.keys, found[counts > 1])
    return Words(words.keys[kept], words.classes[kept], words.logits[kept])


def folded(network, head, share):
    """Return a network whose logits are the mean of its own and of those of a head of its classes.

    Its own count by `share`. Both are those under equal priors, without words.
    """
    weights = dict(network.weights)
    mixed = share * np.eye(network.n_classes) + (1 - share) * head["head.weight"]
    mixed = mixed.astype(np.float32)
    weights["output.weight"] = mixed @ weights["output.weight"]
    bias = (1 - share) * head["head.bias"] - share * np.log(network.class_prior)
    weights["output.bias"] = (mixed @ weights["output.bias"] + bias).astype(np.float32)
    ngrams = dequantize(weights["ngram_weight"]) @ mixed.T
    ngrams[head["head.ngrams"]] += np.float32(1 - share) * head["head.ngram_weight"]
    weights["ngram_weight"] = ngrams
    equal = np.full(network.n_classes, 1 / network.n_classes)
    return replace(network, weights=weights, class_prior=equal, class_bias=None, words=None)
