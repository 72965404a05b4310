"""Train a network: rows of codes -> Network."""

from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.utils import check_random_state

from .._base import install, warn

try:
    import torch
    from skorch.helper import predefined_split

    from .callbacks import DIVERGED, make_callbacks, make_log, stopped_early
except ImportError as error:
    raise ImportError(
        f"Expected torch, skorch and tqdm, which training needs ({error}). Install "
        f"them: {install('train')}"
    ) from error

from .._network.codes import to_codes
from .._network.network import NEVER, Network, narrow
from .._network.ngrams import NGrams, inverse_document_frequency
from .._network.words import Words
from .batches import Batches
from .loss import Loss
from .optimizer import AdamWWithSparse
from .recurrent_net import RecurrentNet
from .rows import Rows
from .settings import Settings
from .torch_settings import one_torch_thread, torch_seed
from .training_net import TrainingNet

HELD_OUT = 0.1  # of the distinct rows, by early stopping
SPACE = 1  # the symbol between words, as `CharEncoder` has it
MAX_STRAY = 0.01  # of the rows may begin with it


def fit(X, y, weights, settings: Settings):
    """Train a network; return the classes, the network, its history, the skorch net.

    `X` (n, length) has symbols, and 0 for padding; `y` (n,) the labels. Rows whose
    `weights` (n,) are 0 only add their labels to the classes.
    """
    classes, labels = np.unique(y, return_inverse=True)
    X, labels, weights = (column[weights > 0] for column in (X, labels, weights))
    symbols = np.unique(X[X != 0])
    codes = to_codes(X, symbols)
    rng = check_random_state(settings.random_state)
    seed = rng.randint(np.iinfo(np.int32).max)
    rows, held_out = Rows.merged(codes, labels, weights), None
    if settings.early_stopping:
        # Before n-grams and words are counted: held-out rows stand for new ones.
        rows, held_out = rows.split(HELD_OUT, rng)
    settings = settings.resolved(len(rows))
    untrained = _untrained(rows, symbols, len(classes), settings)
    # N-grams and words count a row once, and an epoch draws a heavy row several times.
    share, rows = rows.class_shares(len(classes)), rows.for_training(untrained)
    settings.batch_size = min(len(rows), settings.batch_size)
    if held_out is not None:
        held_out = held_out.for_scoring(untrained, len(classes))
    net = _build_net(untrained, classes, share, settings, len(rows), held_out, rng)
    _run(net, rows, seed)
    with (
        torch.no_grad()
    ):  # a class without weight has prior 0, as in `Network.with_priors`
        net.module_.output.bias[torch.from_numpy(share == 0)] = NEVER
    weights = dict(untrained.weights) | weights_of(net)
    if "ngram_weight" in weights:  # which `_run` has rounded
        weights["ngram_weight"] = weights["ngram_weight"].astype(np.float16)
    assumed = class_prior(share, settings.logit_adjustment)
    network = replace(untrained, weights=weights, class_prior=assumed)
    return classes, network, history_of(net), net


def _untrained(rows, symbols, n_classes, settings):
    """Return the network before training, with the n-grams and words of the rows."""
    network, word_weight = Network(settings.cell, symbols, {}), settings.word_weight
    if settings.ngram_range is None and not word_weight:
        return network
    space = _space(symbols, rows.codes)
    if settings.ngram_range is not None:
        ngrams, frequency = NGrams.fit(
            rows.codes,
            settings.ngram_range,
            settings.min_df,
            network.n_codes + 1,
            space,
        )
        if len(frequency):
            weights = {"ngram_idf": inverse_document_frequency(frequency, len(rows))}
            network = replace(
                network, weights=weights, ngram_keys=[*map(narrow, ngrams.keys)]
            )
    words = None
    if word_weight:
        weights = rows.weights / rows.weights.mean()
        words = Words.fit(
            rows.codes, rows.labels, weights, n_classes, space, word_weight
        )
    return replace(network, separator=space, words=words)


def _space(symbols, codes):
    """Return the code of the space, or None; warn if many rows begin with it."""
    if SPACE not in symbols:
        return None
    code = 1 + int(np.searchsorted(symbols, SPACE))
    share = np.mean(codes[:, 0] == code)
    if share > MAX_STRAY:
        warn(
            f"{share:.0%} of the rows begin with {SPACE}, which is the space between "
            "words: no n-gram and no word goes across it. Start the codes of letters "
            "at 2, as CharEncoder does, or take the spaces off.",
        )
    return code


def _build_net(untrained, classes, share, settings, n_rows, held_out, rng):
    """Compose the skorch net, not yet initialized.

    The n-gram weights are a parameter group of their own.
    """
    n_batches = -(-n_rows // settings.batch_size)
    names = "cell hidden_size num_layers embedding_dim dropout ngram_dropout".split()
    module = {name: getattr(settings, name) for name in names} | {
        "embedding_dropout": 2 * settings.symbol_dropout,
        "n_codes": untrained.n_codes,
        "n_classes": len(classes),
        "n_ngrams": untrained.n_ngrams,
    }
    ngram_lr = settings.lr * settings.ngram_lr
    group = {"sparse": True, "lr": ngram_lr, "eps": settings.ngram_eps}
    valid = {"device": settings.device, "classes": classes}
    train = valid | {
        "random_state": rng,
        "unknown": untrained.n_codes - 1,
        "symbol_dropout": settings.symbol_dropout,
    }
    params = {"module": module, "iterator_train": train, "iterator_valid": valid}
    return TrainingNet(
        RecurrentNet,
        **{
            f"{owner}__{name}": x
            for owner, of in params.items()
            for name, x in of.items()
        },
        criterion=Loss,
        criterion__prior=settings.logit_adjustment * _log(share),
        criterion__gce_q=settings.gce_q,
        next_symbol_weight=settings.next_symbol_weight,
        predict_nonlinearity=partial(torch.softmax, dim=1),
        optimizer=AdamWWithSparse,
        optimizer__weight_decay=settings.weight_decay,
        optimizer__param_groups=[("ngram_weight", group)] if untrained.n_ngrams else [],
        lr=settings.lr,
        batch_size=settings.batch_size,
        iterator_train=Batches,
        iterator_valid=Batches,
        callbacks=make_callbacks(
            settings, n_batches, untrained.n_ngrams > 0, held_out is not None
        ),
        callbacks__print_log=make_log(settings.verbose),
        train_split=None if held_out is None else predefined_split(held_out),
        classes=classes,
        max_epochs=settings.max_epochs,
        verbose=int(settings.verbose > 1),
        device=settings.device,
    )


def class_prior(share, logit_adjustment):
    """Return the priors (n_classes,) that logits assume, for training rows' shares.

    Training adds t log(share) to the logits (logit adjustment), so they fit priors of
    share^(1 - t).
    """
    left = np.where(share > 0, (1 - logit_adjustment) * _log(share), -np.inf)
    prior = np.exp(left - left.max())
    return prior / prior.sum()


def _log(share):
    """Return the logarithm of shares, 0 for a share of 0."""
    return np.log(share, out=np.zeros_like(share), where=share > 0)


def _run(net, rows, seed):
    """Initialize and train the net on one CPU thread, and restore torch's settings.

    All of torch's work on large arrays is in here: what torch computes on several
    threads waits forever in a process that is forked later.
    """
    with one_torch_thread(), torch_seed(seed, net.device), torch.inference_mode(False):
        net.initialize()
        # As skorch's `partial_fit` does, which would take a KeyboardInterrupt of the
        # user for the end of the training.
        net.notify("on_train_begin", X=rows, y=None)
        try:
            for _ in range(net.max_epochs):
                if _train_epoch(net, rows):
                    break
        finally:
            net.notify("on_train_end", X=rows, y=None)
        _finish(net)


@torch.no_grad()
def _finish(net):
    """Round the n-gram weights; raise ValueError unless all weights are finite."""
    if net.module_.ngram_weight is not None:
        # They are most of a file, which half precision halves.
        net.module_.ngram_weight.copy_(net.module_.ngram_weight.half())
    # The last step may diverge after its loss was computed.
    for parameter in net.module_.parameters():
        if not torch.isfinite(parameter).all():
            raise ValueError(DIVERGED.format(what="a weight", epoch=len(net.history)))


def _train_epoch(net, rows):
    """Train for an epoch, and return whether early stopping ends the training.

    skorch's `EarlyStopping` raises KeyboardInterrupt; one from the user goes on to the
    caller.
    """
    try:
        net.fit_loop(rows, epochs=1)
    except KeyboardInterrupt:
        if not stopped_early(net):
            raise
        return True
    return False


def weights_of(net):
    """Return the module's parameters as float32 arrays by name."""
    return {
        name: value.detach().cpu().numpy().astype(np.float32)
        for name, value in net.module_.named_parameters()
    }


def history_of(net):
    """Return the log as a list of dicts of Python's numbers."""
    return [
        {
            key: value.item() if isinstance(value, np.generic) else value
            for key, value in epoch.items()
            if isinstance(value, int | float | np.number)
        }
        for epoch in net.history.to_list()
    ]
