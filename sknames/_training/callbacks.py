"""Callbacks of training: schedule, clipping, checks, progress and early stopping."""

import re
import sys

import numpy as np
import torch
from skorch.callbacks import (
    BatchScoring,
    Callback,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    InputShapeSetter,
    LRScheduler,
    PassthroughScoring,
    PrintLog,
)
from skorch.utils import noop
from tqdm.auto import tqdm

from .batches import MIN_ROWS_TO_SHARE

SCORING = (BatchScoring, EpochScoring, PassthroughScoring)
HELD_OUT_KEYS = {"valid_loss", "valid_acc"}  # recorded by skorch on held-out rows
DIVERGED = "The training diverged: {what} is not finite in epoch {epoch}. Lower lr."

MAX_GRADIENT_NORM = 1.0  # joint norm of all dense gradients
# Steps. With small batches, training has many steps, and the mean learning rate of a
# cycle, half the maximum, is too low. Additional steps are taken at the maximum.
MAX_CYCLE = 10_000
SHARE_OF_RISE = 0.2  # share of steps in which the learning rate rises


class Progress(Callback):
    """Show a tqdm progress bar of epochs, with the latest losses."""

    def __init__(self, max_epochs):
        self.max_epochs = max_epochs

    def on_train_begin(self, net, **kwargs):
        self.bar_ = tqdm(total=self.max_epochs, desc="fit", unit="epoch")

    def on_epoch_end(self, net, **kwargs):
        epoch = net.history[-1]
        losses = {}
        for key in ("train_loss", "valid_loss", "valid_acc"):
            if key in epoch:
                losses[key] = f"{epoch[key]:.3f}"
        self.bar_.set_postfix(losses, refresh=False)
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        self.bar_.close()


class StopOnDivergence(Callback):
    """Raise ValueError if a training loss is not finite."""

    def on_epoch_end(self, net, **kwargs):
        epoch = net.history[-1]
        losses = [epoch["train_loss"], epoch.get("next_symbol_loss", 0)]
        if not np.isfinite(losses).all():
            raise ValueError(DIVERGED.format(what="the loss", epoch=len(net.history)))


class ClipGradients(GradientNormClipping):
    """Clip the joint norm of all dense gradients."""

    # Sparse gradients are not clipped: they have only the rows of one batch, and Adam
    # is insensitive to their scale.
    def on_grad_computed(self, net, named_parameters, **kwargs):
        dense = []
        for name, parameter in named_parameters:
            if parameter.grad is not None and not parameter.grad.is_sparse:
                dense.append((name, parameter))
        super().on_grad_computed(net, dense, **kwargs)


class OneCycle(torch.optim.lr_scheduler.OneCycleLR):
    """One cycle of the learning rate, with `n_held` extra steps at the maximum."""

    def __init__(self, optimizer, n_held, **kwargs):
        self.n_held = n_held
        super().__init__(optimizer, **kwargs)

    def step(self, epoch=None):
        # In torch, `last_epoch` counts steps.
        if self.n_held and self.last_epoch == MAX_CYCLE * SHARE_OF_RISE - 1:
            self.n_held -= 1
        else:
            super().step(epoch)


def make_callbacks(settings, n_batches, has_ngrams, has_held_out):
    """Return the named callbacks, built-in ones first, for epochs of `n_batches`."""
    given = []
    for item in settings.callbacks or []:
        name, callback = item if isinstance(item, tuple | list) else (None, item)
        callback = _usable(callback, has_held_out)
        given.append(callback if name is None else (name, callback))
    kinds = [type(_callback(item)) for item in given]
    callbacks = [("divergence", StopOnDivergence())]
    if ClipGradients not in kinds:
        callbacks.append(("clip", ClipGradients(MAX_GRADIENT_NORM)))
    has_schedule = any(issubclass(kind, LRScheduler) for kind in kinds)
    if not settings.early_stopping and not has_schedule:
        callbacks.append(("schedule", _one_cycle(settings, n_batches, has_ngrams)))
    if settings.next_symbol_weight:
        key = "next_symbol_loss"
        score = PassthroughScoring(key, lower_is_better=None, on_train=True)
        callbacks.append((key, score))
    if settings.verbose == 1:
        callbacks.append(("progress", Progress(settings.max_epochs)))
    # Put scoring before early stopping, after which later callbacks do not run.
    callbacks += [item for item in given if isinstance(_callback(item), SCORING)]
    if has_held_out:
        stop = EarlyStopping(
            patience=settings.n_iter_no_change,
            threshold=0,  # any improvement counts
            load_best=True,
            sink=print if settings.verbose > 1 else noop,
        )
        callbacks.append(("early_stopping", stop))
    others = [item for item in given if not isinstance(_callback(item), SCORING)]
    return callbacks + others


def make_log(verbose):
    """Return the callback that logs each epoch, or None."""
    if verbose <= 1:
        return None
    return PrintLog(sink=print if sys.stdout.isatty() else print_plain)


def print_plain(text):
    """Print a text without skorch's ANSI color codes."""
    print(re.sub(r"\033\[\d+m", "", text), flush=True)


def stopped_early(net):
    """Return whether training has ended by early stopping."""
    for _, callback in net.callbacks_:
        if isinstance(callback, EarlyStopping):
            if callback.misses_ >= callback.patience:
                return True
    return False


def _one_cycle(settings, n_batches, has_ngrams):
    """Return the callback that schedules the learning rate over all steps."""
    n_steps = max(2, settings.max_epochs * n_batches)
    n_held = 0
    if settings.batch_size < MIN_ROWS_TO_SHARE:
        n_held = max(0, n_steps - MAX_CYCLE)
    max_lr = settings.lr
    if has_ngrams:
        max_lr = [settings.lr * settings.ngram_lr, settings.lr]
    return LRScheduler(
        OneCycle,
        step_every="batch",
        max_lr=max_lr,
        n_held=n_held,
        total_steps=n_steps - n_held,
        # With pct_start=0.2 and 5 steps, torch would divide by 0.
        pct_start=0.25 if n_steps == 5 else SHARE_OF_RISE,
    )


def _callback(item):
    """Return a callback without its name."""
    return item[1] if isinstance(item, tuple | list) else item


def _usable(callback, has_held_out):
    """Instantiate or adapt a callback; raise an error if training cannot run it."""
    if not hasattr(callback, "on_epoch_end"):
        raise TypeError(
            "Expected skorch callbacks, or pairs of a name and a callback, in "
            f"callbacks; got {callback!r:.80}. Use callbacks from skorch.callbacks, "
            "such as EpochScoring."
        )
    if isinstance(callback, type):
        callback = callback()
    name = type(callback).__name__
    if isinstance(callback, InputShapeSetter):
        raise ValueError(
            f"{name} in callbacks sets the input size of a module, but here the input "
            f"size follows from the codes.\nRemove {name} from callbacks."
        )
    key = _held_out_key(callback)
    if key is not None and not has_held_out:
        other = "monitor='train_loss'"
        if isinstance(callback, SCORING):
            other = "on_train=True, to score the training rows"
        elif key.endswith("_best"):
            other = "monitor='train_loss_best'"
        raise ValueError(
            f"{name} of {key!r} in callbacks needs held-out rows, but there are none.\n"
            f"Set early_stopping=True, which holds out a tenth of the rows, or {other}."
        )
    if type(callback) is GradientNormClipping:
        return ClipGradients(**callback.get_params())
    return callback


def _held_out_key(callback):
    """Return the score on held-out rows that a callback reads, or None."""
    if isinstance(callback, SCORING):
        return None if callback.on_train else str(callback.name or callback.scoring)
    key = getattr(callback, "monitor", None)
    is_held_out = isinstance(key, str) and key.removesuffix("_best") in HELD_OUT_KEYS
    return key if is_held_out else None
