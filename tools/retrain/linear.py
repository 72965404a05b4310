"""Fit a linear layer on the logits and some of the n-grams of a trained network.

The layer is as accurate as a separate network, and trains on a million names a minute.
If it has labels of its own, it becomes a head of the network (`countries`). If it has
the labels of the network, it is folded into its weights (`recipe`).

Some sources write people of certain classes with accents, with initials or in another
script, while other sources do not. This says nothing about the classes, so they are
compared within each form of names.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from sklearn.utils import check_random_state
from torch.nn import functional as F

from sknames._network.forward import Forward
from sknames._network.ngrams import NGRAM_SCALE
from sknames._network.prefixes import row_slices
from sknames._network.quantized import dequantize
from sknames._network.words import Words, _keys
from sknames._training.bags import Bags, SumOfBags
from sknames._training.optimizer import AdamWWithSparse
from sknames._training.torch_settings import one_torch_thread

from .spellings import SCRIPTS, script_of

BATCH_SIZE = 512
MAX_EPOCHS = 3
LR = 0.003
NGRAM_LR = 0.002
NGRAM_DROPOUT = 0.65
GCE_Q = 0.2  # as in `recipe`
# Forms of characters. The form of a word or name is the last one of its characters, in
# this order.
FORMS = ["plain", "dotted", "accented", *SCRIPTS]
N_LATIN = FORMS.index(SCRIPTS[0])
# Pseudo-counts: rows and words that each class is assumed to have in addition, with the
# forms of all classes.
ROWS_OF_ALL = 20
WORDS_OF_ALL = 50
# Lower limit for the share of names with accents in a class. Otherwise a few foreigners
# would dominate it: almost no Israeli name has an accent, so many of those with one are
# Serbs who play in Israel.
LEAST_ACCENTED = 0.1


def fit_layer(
    network, encoder, names, labels, n_classes, n_ngrams, word_weight, **options
):
    """Train a linear layer and words on a network without words.

    The labels need not be those of the network. `options` are `seed` and `verbose` of
    `fit_linear`, and `design` of `log_priors`. Without `design`, classes are compared
    within names with and without initials only, so that accents and scripts are
    evidence.

    Returns
    -------
    weights : dict of ndarray
        Result of `fit_linear`.
    words : Words
    """
    codes = network.to_codes(encoder.transform(names))
    forms = forms_of_codes(network, encoder.alphabet_)
    is_other = (forms[codes] >= N_LATIN).any(axis=1)
    design = options.pop("design", None)
    if design is None:
        forms[forms > FORMS.index("dotted")] = 0
    of_rows = forms[codes].max(axis=1)
    priors = log_priors(labels, of_rows, n_classes, design)
    weights = fit_linear(
        network, codes, labels, of_rows, priors, n_ngrams=n_ngrams, **options
    )
    return weights, fit_words(
        network, codes, labels, forms, is_other, n_classes, word_weight
    )


def forms_of_codes(network, alphabet):
    """Return the form of each code's character, (n_codes,)."""
    forms = np.zeros(network.n_codes, dtype=np.uint8)
    for code, symbol in enumerate(network.symbols.tolist(), start=1):
        if symbol <= len(alphabet):
            character = alphabet[symbol - 1]
            script = script_of(character)
            is_accented = script == "Latin" and not character.isascii()
            form = (
                "accented" if is_accented else "dotted" if character == "." else script
            )
            forms[code] = FORMS.index(form) if form in FORMS else 0
    return forms


def forms_of_words(codes, forms, separator):
    """Return the form of the word at each position, or 0 between words, (n, L)."""
    found = np.zeros(codes.shape, dtype=np.uint8)
    for some in row_slices(codes):
        ends = (codes[some] == separator) | (codes[some] == 0)
        ends[:, 0] = True
        word = ends.ravel().cumsum() - 1
        highest = np.zeros(word[-1] + 1, dtype=np.uint8)
        np.maximum.at(highest, word, forms[codes[some]].ravel())
        is_letter = (codes[some] != separator) & (codes[some] != 0)
        found[some] = highest[word].reshape(ends.shape) * is_letter
    return found


def log_priors(labels, forms, n_classes, design=None):
    """Return the log share of each class in the training data, within each form.

    `design` has the assumed shares of each class in each form, (n_forms, n_classes).
    In scripts other than Latin, the share in the training data is divided by it,
    because a script is evidence, but training data overstates how much.

    Returns
    -------
    ndarray of shape (n_forms, n_classes)
    """
    counts = np.zeros((len(FORMS), n_classes))
    np.add.at(counts, (forms, labels), 1)
    of_class = counts.sum(axis=0)
    of_form = counts.sum(axis=1, keepdims=True) / len(labels)
    within = np.log((counts + ROWS_OF_ALL * of_form + 1e-9) / (of_class + ROWS_OF_ALL))
    accented = FORMS.index("accented")
    within[accented] = np.maximum(within[accented], np.log(LEAST_ACCENTED))
    if design is not None:
        within[N_LATIN:] -= np.log(design[N_LATIN:])
    return np.log(of_class / len(labels)) + within


def fit_linear(network, codes, labels, forms, priors, *, n_ngrams, seed=0, verbose=0):
    """Train a linear layer on a network without words, and return its weights by name.

    The weights are those of a head of `Network`. Its logits assume equally frequent
    classes. `forms` has the form of each row, and `priors` is the result of
    `log_priors`.
    """
    n_classes = priors.shape[1]
    logits = Forward(network, "float32").logits(codes)
    log_prior = np.log(network.class_prior).astype(np.float32)
    logits -= log_prior
    logits -= logits.mean(axis=1, keepdims=True)
    ngrams = network.ngrams.tfidf(codes, network.weights["ngram_idf"])
    chosen = _frequent(network, ngrams.indices, n_ngrams)
    ngrams = ngrams[:, chosen]

    rng = check_random_state(seed)
    shapes = {"weight": (n_classes, logits.shape[1]), "bias": (n_classes,)}
    shapes["ngram_weight"] = (len(chosen), n_classes)
    head = {
        name: torch.zeros(shape, requires_grad=True) for name, shape in shapes.items()
    }
    # Logits assume equally frequent classes, as those of `NameNationalityClassifier`
    # with logit_adjustment=1.
    priors = priors.astype(np.float32)
    groups = [
        {"params": [head["weight"], head["bias"]], "lr": LR},
        {"params": [head["ngram_weight"]], "lr": NGRAM_LR, "sparse": True, "eps": 1e-8},
    ]
    with one_torch_thread():
        optimizer = AdamWWithSparse(groups, lr=LR, weight_decay=0)
        n_batches = -(-len(labels) // BATCH_SIZE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            [LR, NGRAM_LR],
            n_batches * MAX_EPOCHS,
            pct_start=0.1,
            cycle_momentum=False,
        )
        for epoch in range(MAX_EPOCHS):
            total = 0.0
            order = rng.permutation(len(labels))
            for start in range(0, len(labels), BATCH_SIZE):
                rows = order[start : start + BATCH_SIZE]
                kept = ngrams[rows]
                kept.data *= rng.random_sample(kept.nnz) >= NGRAM_DROPOUT
                kept.eliminate_zeros()
                bags = Bags.of(kept)
                batch = (logits[rows], labels[rows], priors[forms[rows]])
                batch = *map(torch.from_numpy, batch), bags
                total += optimizer.step(partial(_loss, head, *batch)).item()
                schedule.step()
            if verbose:
                print(f"epoch {epoch + 1}: loss {total / n_batches:.4f}", flush=True)
    weight, bias, ngram_weight = (head[name].detach().numpy() for name in shapes)
    # The mean of the logits was subtracted above, which these weights can do instead.
    weight -= weight.mean(axis=1, keepdims=True)
    return {
        "head.weight": weight,
        "head.bias": bias - weight @ log_prior,
        "head.ngrams": chosen,
        "head.ngram_weight": ngram_weight,
    }


def _loss(head, logits, labels, priors, bags):
    """Return the generalized cross-entropy of a batch, after computing gradients."""
    for parameter in head.values():
        parameter.grad = None
    sums = SumOfBags.apply(
        head["ngram_weight"], bags.values / (1 - NGRAM_DROPOUT), bags
    )
    logits = logits @ head["weight"].T + head["bias"] + NGRAM_SCALE * sums
    losses = F.cross_entropy(logits + priors, labels, reduction="none")
    loss = -torch.expm1(-GCE_Q * losses).mean() / GCE_Q
    loss.backward()
    return loss.detach()


def _frequent(network, features, n):
    """Return `n` features, sorted: all characters, and the most frequent n-grams.

    All characters are included because in Han a single character may show whether a
    name is in simplified or traditional characters, or Korean.
    """
    counts = np.bincount(features, minlength=network.n_ngrams)
    n_characters = max(0, len(counts) - sum(map(len, network.ngram_keys[1:])))
    counts[:n_characters] *= len(features)
    return np.sort(
        np.argsort(-counts, kind="stable")[: min(n, np.count_nonzero(counts))]
    )


def fit_words(network, codes, labels, forms, is_other, n_classes, word_weight):
    """Fit the table of words separately for each form, and return the `Words`.

    The rates of a word are thus compared with words of the same form. `forms` are those
    of the codes, see `forms_of_codes`. `is_other` is a mask of names in other scripts.
    Words that occur in one such name only are left out: most are spellings by rules,
    they would be a third of the table, and they do not improve predictions.
    """
    of_words = forms_of_words(codes, forms, network.separator)
    separator = network.separator
    n_words = np.bincount(of_words.ravel(), minlength=len(FORMS))
    n_words[0] = np.count_nonzero(codes) - n_words[1:].sum()
    tables = []
    everyone = np.arange(n_classes)
    for form, share in enumerate(n_words / n_words.sum()):
        rows = np.flatnonzero(((of_words == form) & (codes != 0)).any(axis=1))
        words = np.where(of_words[rows] == form, codes[rows], 0)
        # One empty row for each class carries the pseudo-counts.
        nothing = np.zeros((n_classes, codes.shape[1]), words.dtype)
        words = np.concatenate([words, nothing])
        of_all = np.full(n_classes, WORDS_OF_ALL * share)
        weights = np.append(np.ones(len(rows)), of_all)
        of_rows = np.append(labels[rows], everyone)
        tables.append(
            Words.fit(words, of_rows, weights, n_classes, separator, word_weight)
        )
    keys = np.concatenate([table.keys for table in tables])
    classes = np.concatenate([table.classes for table in tables])
    logits = np.concatenate([table.logits for table in tables])
    order = np.argsort(keys, kind="stable")
    of_latin = _keys_of_words(codes[~is_other], separator)
    of_others = _keys_of_words(codes[is_other], separator)
    found, counts = np.unique(of_others, return_counts=True)
    kept = np.isin(keys, of_latin) | np.isin(keys, found[counts > 1])
    order = order[kept[order]]
    return Words(keys[order], classes[order], logits[order])


def _keys_of_words(codes, separator):
    """Return the keys of all words in rows of codes, with repetitions, and 0."""
    keys = [[0]]
    for rows in row_slices(codes):
        _, _, keys_of_slice = _keys(codes[rows], separator)
        keys.append(keys_of_slice)
    return np.concatenate(keys)


def folded(network, head, share):
    """Return a network whose logits are a weighted mean of its own and a head's logits.

    The head has the same classes. The network's own logits have the weight `share`.
    Both are logits for uniform priors, without words.
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
    return replace(
        network, weights=weights, class_prior=equal, measured=None, words=None
    )
