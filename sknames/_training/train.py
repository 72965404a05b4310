"""How the network is trained: the skorch net, its callbacks and its optimizer."""

import re
import sys
import warnings
from dataclasses import replace
from functools import partial

import numpy as np

try:
    import torch
    from skorch import NeuralNetClassifier
    from skorch.callbacks import (
        BatchScoring,
        Callback,
        EarlyStopping,
        EpochScoring,
        LRScheduler,
        PassthroughScoring,
        PrintLog,
    )
    from skorch.helper import predefined_split
    from skorch.utils import noop
    from tqdm.auto import tqdm
except ImportError as error:
    raise ImportError(
        f"Training needs torch, skorch and tqdm, which prediction does without ({error}). Install "
        "them: pip install 'sknames[train]'"
    ) from error

from .._network.network import NEVER
from .batches import MIN_ROWS_TO_SHARE, Batches
from .loss import Loss
from .optimizer import AdamWWithSparse
from .recurrent_net import RecurrentNet
from .rows import Rows
from .torch_settings import DRAWING, one_torch_thread, resolve_device, torch_seed

_DIVERGED = "The training diverged: {what} is not finite in epoch {epoch}. Lower lr."

MAX_GRADIENT_NORM = 1.0
# In small batches, a few epochs are many steps. The mean learning rate of a cycle is half its
# maximum, and nets then learn too little. So steps beyond this number are taken at the maximum.
MAX_CYCLE = 10_000
# With so many codes, the next symbol is told from those of the batch alone: the loss would take
# longer than the net.
MANY_CODES = 128
SHAPE = ("cell", "hidden_size", "num_layers", "embedding_dim")


class TrainingNet(NeuralNetClassifier):
    """The skorch net: it takes whole batches and adds the loss of the next symbol.

    It predicts labels out of `classes`, so that skorch's scoring callbacks compare like with like.

    Parameters
    ----------
    next_symbol_weight : float
        Weight of the loss of the next symbol beside that of the classes.
    """

    def __init__(self, *args, next_symbol_weight=0.0, **kwargs):
        self.next_symbol_weight = next_symbol_weight
        super().__init__(*args, **kwargs)

    def check_data(self, X, y=None):
        """Check nothing: Rows hold their labels."""

    def get_dataset(self, X, y=None):
        """Take Rows, which hold n-grams and weights."""
        if not isinstance(X, Rows):
            raise TypeError(
                f"Expected Rows, which the classifier makes, got a {type(X).__name__}. Call fit, "
                "predict or predict_proba of the classifier instead of its net_."
            )
        return X

    def infer(self, batch, **fit_params):
        """Logits of a batch."""
        logits = self.module_(batch.plan, batch.ngrams)[0]
        return logits if batch.words is None else logits + batch.words

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Cross-entropy of the classes, without adjustment."""
        return self.criterion_(y_pred, X)

    def train_step_single(self, batch, **fit_params):
        """Gradients of the adjusted loss and the next symbol's; the loss that is told is that of
        validation.

        Callbacks get logits alone: the states of an epoch, which they would keep, need far more
        memory.
        """
        self.module_.train()
        batch, labels = batch
        logits, states = self.module_(batch.plan, batch.ngrams)
        loss = self.criterion_(logits, batch, training=True)
        if self.next_symbol_weight:
            codes = places = None
            if len(self.module_.next_symbol.bias) > MANY_CODES:
                # The end's code, 0, is among them: it is the root's symbol.
                codes, places = batch.plan.symbols.unique(return_inverse=True)
            next_symbol = self.criterion_.next_symbol(
                self.module_.next_symbol_logits(states, codes), batch, places
            )
            loss = loss + self.next_symbol_weight * next_symbol
            self.history.record_batch("next_symbol_loss", next_symbol.item())
        loss.backward()
        logits = logits.detach()
        return {"loss": self.get_loss(logits, labels, batch), "y_pred": logits}

    def predict(self, X):
        """The most probable label of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Progress(Callback):
    """A tqdm bar over the epochs, with the last losses behind it."""

    def __init__(self, max_epochs):
        self.max_epochs = max_epochs

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        self.bar_ = tqdm(total=self.max_epochs, desc="fit", unit="epoch")

    def on_epoch_end(self, net, **kwargs):
        """Move the bar."""
        losses = {
            key: f"{net.history[-1, key]:.3f}"
            for key in ("train_loss", "valid_loss", "valid_acc")
            if key in net.history[-1]
        }
        self.bar_.set_postfix(losses, refresh=False)
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        """Close the bar."""
        self.bar_.close()


class StopOnDivergence(Callback):
    """Raise when a training loss is no longer a finite number."""

    def on_epoch_end(self, net, **kwargs):
        """Look at the losses of the epoch."""
        epoch = net.history[-1]
        if not np.isfinite([epoch["train_loss"], epoch.get("next_symbol_loss", 0)]).all():
            raise ValueError(_DIVERGED.format(what="the loss", epoch=len(net.history)))


class OneCycle(torch.optim.lr_scheduler.OneCycleLR):
    """One cycle of the learning rate that takes `n_held` more steps at its maximum."""

    def __init__(self, optimizer, n_held, **kwargs):
        self.n_held = n_held
        super().__init__(optimizer, **kwargs)

    def step(self, epoch=None):
        """Set the learning rate of the next training step."""
        if self.n_held and self.last_epoch == MAX_CYCLE // 5 - 1:
            self.n_held -= 1
        else:
            super().step(epoch)


class ClipGradients(Callback):
    """Clip the norm of all gradients but the sparse ones, which hardly any step has in common."""

    def on_grad_computed(self, net, named_parameters, **kwargs):
        """Clip them together."""
        dense = [p for _, p in named_parameters if p.grad is not None and not p.grad.is_sparse]
        torch.nn.utils.clip_grad_norm_(dense, MAX_GRADIENT_NORM)


def print_plain(text):
    """Print without skorch's colours, which are codes for a terminal."""
    print(re.sub(r"\033\[\d+m", "", text), flush=True)


def build_net(untrained, classes, settings, *, prior, n_batches, held_out, rng):
    """Compose the skorch net of a classifier.

    Parameters
    ----------
    untrained : Network
    classes : ndarray of shape (n_classes,)
    settings : dict
        The parameters of `NameNationalityClassifier`, without any "auto".
    prior : ndarray of shape (n_classes,)
        See `Loss`.
    n_batches : int
        Of an epoch.
    held_out : Rows or None
        To validate on.
    rng : RandomState or None
        Of the order of the rows and the dropout of symbols.

    Returns
    -------
    TrainingNet
        Not yet initialized.
    """
    device = resolve_device(settings["device"])
    lr, max_epochs, verbose = (settings[name] for name in ("lr", "max_epochs", "verbose"))
    ngram_lr = lr * settings["ngram_lr"]
    ngram_group = {"sparse": True, "lr": ngram_lr, "eps": settings["ngram_eps"]}
    steps = [("divergence", StopOnDivergence()), ("clip", ClipGradients())]
    scores, others = _split_callbacks(settings["callbacks"] or [], held_out is not None)
    schedules = (isinstance(_callback(item), LRScheduler) for item in others)
    if not settings["early_stopping"] and not any(schedules):
        n_steps = max(2, max_epochs * n_batches)
        is_small = settings["batch_size"] < MIN_ROWS_TO_SHARE
        n_held = max(0, n_steps - MAX_CYCLE) if is_small else 0
        steps.append(
            (
                "schedule",
                LRScheduler(
                    OneCycle,
                    step_every="batch",
                    max_lr=[ngram_lr, lr] if untrained.n_ngrams else lr,
                    n_held=n_held,
                    total_steps=n_steps - n_held,
                    # A fifth of 5 steps is one, of a length of 0, by which torch would divide.
                    pct_start=0.25 if n_steps == 5 else 0.2,
                ),
            )
        )
    if settings["next_symbol_weight"]:
        steps.append(
            (
                "next_symbol_loss",
                PassthroughScoring("next_symbol_loss", lower_is_better=None, on_train=True),
            )
        )
    if verbose == 1:
        steps.append(("progress", Progress(max_epochs)))
    # Before early stopping, which ends an epoch for all that follow.
    steps += scores
    if held_out is not None:
        steps.append(
            (
                "early_stopping",
                EarlyStopping(
                    patience=settings["n_iter_no_change"],
                    threshold=0,
                    load_best=True,
                    sink=print if verbose > 1 else noop,
                ),
            )
        )
    print_log = None
    if verbose > 1:
        is_terminal = sys.stdout.isatty()
        print_log = PrintLog(sink=print if is_terminal else print_plain)
    return TrainingNet(
        RecurrentNet,
        **{f"module__{name}": settings[name] for name in (*SHAPE, "dropout", "ngram_dropout")},
        module__embedding_dropout=2 * settings["symbol_dropout"],
        module__n_codes=untrained.n_codes,
        module__n_classes=len(classes),
        module__n_ngrams=untrained.n_ngrams,
        criterion=Loss,
        criterion__prior=prior,
        criterion__label_doubt=settings["label_doubt"],
        next_symbol_weight=settings["next_symbol_weight"],
        classes=classes,
        predict_nonlinearity=partial(torch.softmax, dim=1),
        optimizer=AdamWWithSparse,
        optimizer__weight_decay=settings["weight_decay"],
        optimizer__param_groups=[("ngram_weight", ngram_group)] if untrained.n_ngrams else [],
        lr=lr,
        max_epochs=max_epochs,
        batch_size=settings["batch_size"],
        iterator_train=Batches,
        iterator_train__random_state=rng,
        iterator_train__unknown=untrained.n_codes - 1,
        iterator_train__symbol_dropout=settings["symbol_dropout"],
        iterator_train__device=device,
        iterator_train__classes=classes,
        iterator_valid=Batches,
        iterator_valid__device=device,
        iterator_valid__classes=classes,
        train_split=None if held_out is None else predefined_split(held_out),
        callbacks=steps + others,
        callbacks__print_log=print_log,
        verbose=int(verbose > 1),
        device=device,
    )


def _callback(item):
    """A callback without its name, if it has one; of a class, what skorch will make of it."""
    callback = item[1] if isinstance(item, list | tuple) and len(item) == 2 else item
    is_class = isinstance(callback, type) and issubclass(callback, Callback)
    return callback() if is_class else callback


def _split_callbacks(callbacks, has_valid_rows):
    """Those that score, and the others; warn of what scores held-out rows where there are none."""
    scores, others = [], []
    for item in callbacks:
        callback = _callback(item)
        if not isinstance(callback, BatchScoring | EpochScoring | PassthroughScoring):
            others.append(item)
            continue
        scores.append(item)
        if not callback.on_train and not has_valid_rows:
            warnings.warn(
                f"callbacks has {type(callback).__name__} of {callback.name or callback.scoring!r},"
                " which scores held-out rows, and there are none: it records nothing. Set "
                "early_stopping=True to hold rows out, or on_train=True in the callback to score "
                "the rows of training.",
                UserWarning,
                stacklevel=5,
            )
    return scores, others


def train(untrained, rows, held_out, classes, settings, rng, seed):
    """Train a network.

    Parameters
    ----------
    untrained : Network
    rows, held_out : Rows
        Merged. `held_out` may be None.
    classes : ndarray of shape (n_classes,)
    settings : dict
        The parameters of `NameNationalityClassifier`, without any "auto".
    rng : RandomState
        Of the order of the rows and the dropout of symbols.
    seed : int
        Of torch's generators.

    Returns
    -------
    network : Network
    history : list of dict of float
    net : TrainingNet
    """
    share = rows.class_shares(len(classes))
    log_share = np.log(share, out=np.zeros_like(share), where=share > 0)
    rows = rows.drawn()
    settings = settings | {"batch_size": min(len(rows), settings["batch_size"])}
    if held_out is not None:
        held_out = held_out.weighed().with_ngrams(untrained).with_words(untrained, len(classes))
    net = build_net(
        untrained,
        classes,
        settings,
        prior=settings["logit_adjustment"] * log_share,
        n_batches=-(-len(rows) // settings["batch_size"]),
        held_out=held_out,
        rng=rng,
    )
    _run(net, rows.weighed().with_ngrams(untrained), seed)
    with torch.no_grad():  # a class without weight has prior 0, as in `Network.with_priors`
        net.module_.output.bias[torch.from_numpy(share == 0)] = NEVER
    weights = dict(untrained.weights) | weights_of(net)
    supposed = class_prior(share, settings["logit_adjustment"])
    return replace(untrained, weights=weights, class_prior=supposed), history_of(net), net


def class_prior(share, logit_adjustment):
    """The priors that the logits suppose, (n_classes,): what logit adjustment leaves of the shares.

    With t log(share) added to the logits in training, these alone fit priors of share^(1 - t).
    """
    log_share = np.log(share, out=np.zeros_like(share), where=share > 0)
    left = np.where(share > 0, (1 - logit_adjustment) * log_share, -np.inf)
    prior = np.exp(left - left.max())
    return prior / prior.sum()


def _run(net, rows, seed):
    """Initialize the net and train it, on one CPU thread, and restore torch's generator."""
    with one_torch_thread(), torch_seed(seed, net.device), torch.inference_mode(False):
        with DRAWING:
            net.initialize()
        net.notify("on_train_begin", X=rows, y=None)
        try:
            for _ in range(net.max_epochs):
                if _train_epoch(net, rows):
                    break
        finally:
            net.notify("on_train_end", X=rows, y=None)
    if net.module_.ngram_weight is not None:
        # They are most of a file, which so has half the size.
        with torch.no_grad():
            net.module_.ngram_weight.copy_(net.module_.ngram_weight.half())
    if not all(torch.isfinite(parameter).all() for parameter in net.module_.parameters()):
        raise ValueError(_DIVERGED.format(what="a weight", epoch=len(net.history)))


def _train_epoch(net, rows):
    """Train for an epoch, and return whether early stopping ends the training.

    skorch's `EarlyStopping` stops by a KeyboardInterrupt, which skorch's own `fit` swallows from
    anyone; here any other goes on to the caller.
    """
    try:
        net.fit_loop(rows, epochs=1)
    except KeyboardInterrupt:
        if not _stopped_early(net):
            raise
        return True
    return False


def _stopped_early(net):
    return any(
        isinstance(callback, EarlyStopping) and callback.misses_ >= callback.patience
        for _, callback in net.callbacks_
    )


def weights_of(net):
    """The module's parameters as float32 arrays, by name."""
    return {
        name: value.detach().cpu().numpy().astype(np.float32)
        for name, value in net.module_.named_parameters()
    }


def history_of(net):
    """The log as a list of dicts of floats."""
    return [
        {
            key: float(value)
            for key, value in epoch.items()
            if isinstance(value, int | float | np.number)
        }
        for epoch in net.history.to_list()
    ]
