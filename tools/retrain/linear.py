"""Fit a linear layer on a trained network: on its logits, and on some of its n-grams.

It is as accurate as a network of its own, and learns a million names a minute. Its
labels may be other ones, of which the result is a head (`countries`), or the network's
own, into which it is folded (`recipe`).

Sources write people of some classes with accents, in initials or in another script, and
those of others without. That is a habit of the source, so classes are compared within a
form.
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
from sknames._training.rows import Rows
from sknames._training.torch_settings import one_torch_thread

from .spellings import SCRIPTS, script_of

BATCH_SIZE = 512
MAX_EPOCHS = 3
LR = 0.003
NGRAM_LR = 0.002
NGRAM_DROPOUT = 0.65
GCE_Q = 0.2  # as in `recipe`
# The form of a character, a word or a name: the highest of its characters.
FORMS = ["plain", "dotted", "accented", *SCRIPTS]
N_LATIN = FORMS.index(SCRIPTS[0])
# Rows of a class, and words, that count as having each form as often as those of all
# classes.
ROWS_OF_ALL = 20
WORDS_OF_ALL = 50
# The least share of a class with accents. Fewer are not a habit of its source: hardly
# any Israeli has an accent, so among such names the Serbs who play in Israel were many.
LEAST_ACCENTED = 0.1


def fit_layer(
    network, encoder, names, labels, n_classes, n_ngrams, word_weight, **options
):
    """Train a linear layer and words on a network without words.

    Labels may be of any classes. Return the weights of `fit_linear`, and the `Words`.
    `options` are its `seed` and `verbose`, and `design` of `log_priors`. Without it,
    only initials are a form: accents and scripts are evidence.
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
    """Return the form of the character of each code, (n_codes,)."""
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
    """Return the form of the word that each code is of, or 0 between words: (n, L)."""
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
    """Return the log share of each class in training, by form of the row.

    The shape is (n_forms, n_classes), and a share is that within the form. In another
    script it is relative to a share by design of the class that is written so,
    (n_forms, n_classes): a script is evidence, of which training has too much.
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

    They are those of a head of `Network`, whose logits assume equally frequent classes.
    `priors` are of `log_priors`, of the form of each row.
    """
    n_classes = priors.shape[1]
    logits = Forward(network, "float32").logits(codes)
    log_prior = np.log(network.class_prior).astype(np.float32)
    logits -= log_prior
    logits -= logits.mean(axis=1, keepdims=True)
    features, starts, values = network.ngrams.tfidf(codes, network.weights["ngram_idf"])
    chosen = _frequent(network, features, n_ngrams)
    row_of = np.full(network.n_ngrams, -1, dtype=np.int32)
    row_of[chosen] = np.arange(len(chosen))
    features = row_of[features]
    ngrams = _some_of(features, starts, values, features >= 0)
    everyone = Rows(codes, labels, np.ones(len(labels)), ngrams)

    rng = check_random_state(seed)
    shapes = {"weight": (n_classes, logits.shape[1]), "bias": (n_classes,)}
    shapes["ngram_weight"] = (len(chosen), n_classes)
    head = {
        name: torch.zeros(shape, requires_grad=True) for name, shape in shapes.items()
    }
    # As `NameNationalityClassifier` with logit_adjustment=1: the logits assume equal
    # frequencies.
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
                ngrams = everyone.select(rows).ngrams
                kept = rng.random_sample(len(ngrams[0])) >= NGRAM_DROPOUT
                bags = Bags.of(*_some_of(*ngrams, kept))
                batch = (logits[rows], labels[rows], priors[forms[rows]])
                batch = *map(torch.from_numpy, batch), bags
                total += optimizer.step(partial(_loss, head, *batch)).item()
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


def _loss(head, logits, labels, priors, bags):
    """Compute the generalized cross-entropy of a batch, and the gradients."""
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
    """Return the `n` features of all characters and of the most frequent n-grams.

    They are sorted. In Han, a single character shows whether a name is in simplified or
    traditional ones, and whether it is of Korea or China.
    """
    counts = np.bincount(features, minlength=network.n_ngrams)
    n_characters = max(0, len(counts) - sum(map(len, network.ngram_keys[1:])))
    counts[:n_characters] *= len(features)
    return np.sort(
        np.argsort(-counts, kind="stable")[: min(n, np.count_nonzero(counts))]
    )


def _some_of(features, starts, values, kept):
    """Return only some entries of all rows: features, starts, values."""
    return features[kept], np.append(0, kept.cumsum())[starts], values[kept]


def fit_words(network, codes, labels, forms, is_other, n_classes, word_weight):
    """Learn the words of each form by itself.

    So a word's rates are those among words of its form. `forms` are of the codes, see
    `forms_of_codes`. Words that only one name has, of those that `is_other` says are in
    another script, are left out: most are spelled names. They are a third of the table,
    and gain nothing.
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
        # A row without a word of each class stands for the words of all classes.
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
    """Return the keys of all words in rows of codes, with repeats, and 0."""
    keys = [[0]]
    for rows in row_slices(codes):
        _, _, keys_of_slice = _keys(codes[rows], separator)
        keys.append(keys_of_slice)
    return np.concatenate(keys)


def folded(network, head, share):
    """Return a network whose logits are the mean of its own and those of a head.

    The head has the same classes. Its own logits count by `share`. Both are those under
    equal priors, without words.
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
