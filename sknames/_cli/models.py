"""Ask a model about chunks of names, here or in several processes."""

import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from functools import partial
from itertools import chain, compress, count, islice
from multiprocessing import get_context, parent_process

import joblib
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from .._models.inside import unwrap
from .._models.predict_names import predict_names
from .._wrappers.grouped_classifier import GroupedClassifier

# Windows has none, and sends Ctrl-C to all processes.
set_mask = getattr(signal, "pthread_sigmask", lambda *mask: ())


def answers(ask, chunks, jobs):
    """Yield (chunk, ask(names)) for each (chunk, names), in order.

    Several processes give the same bits. There are never more processes than cores. At
    most one chunk a process waits, also if the writer is slow.
    """
    jobs = min(jobs, joblib.cpu_count())
    chunks = iter(chunks)
    first = [*islice(chunks, 2)] if jobs > 1 else []
    chunks = chain(first, chunks)
    if len(first) < 2:
        yield from ((chunk, ask(names)) for chunk, names in chunks)
        return
    pool, waiting = (
        ProcessPoolExecutor(jobs, get_context("spawn"), _start, (ask,)),
        deque(),
    )
    try:
        for chunk, names in chunks:
            waiting.append((chunk, _submit(pool, names)))
            if len(waiting) == 2 * jobs:
                chunk, found = waiting.popleft()
                yield chunk, found.result()
        yield from ((chunk, found.result()) for chunk, found in waiting)
    except BrokenProcessPool as error:
        raise MemoryError("a worker died; memory may be full") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _submit(pool, names):
    """Submit names to a worker, and block SIGINT meanwhile.

    A terminal sends Ctrl-C to all processes. A worker that starts here ignores it, and
    ends with this process.
    """
    before = set_mask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        return pool.submit(_answer, names)
    finally:
        set_mask(signal.SIG_SETMASK, before)


def _start(ask):
    """Prepare a process that answers. It ends when its parent ends, however that is."""
    global _ask
    _ask = ask
    parent = parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


def _answer(names):
    return _ask(names)


class Predicted(ClassifierMixin, BaseEstimator):
    """Around a fitted estimator, which has predicted some texts: repeat its answers."""

    def __init__(self, estimator, row_of, probabilities):
        self.estimator, self.row_of, self.probabilities = (
            estimator,
            row_of,
            probabilities,
        )
        self.classes_ = estimator.classes_

    def fit(self, X, y=None):
        return self

    def predict_proba(self, X):
        return self.probabilities[[self.row_of[text] for text in X]]


def predict_distinct(model, chunks, jobs, table):
    """Predict the distinct texts of a table, each once, from chunks of its texts.

    Return a model that repeats the answers, and the texts that are names.
    """
    inside, row_of = unwrap(model), {}
    below, index = inside.without_groups()

    def new_names():
        for names in chunks:
            new = [name for name in dict.fromkeys(names) if name not in row_of]
            row_of.update(zip(new, count(len(row_of)), strict=False))
            yield None, new

    ask = partial(predict_names, below.model, threshold=None)
    with closing(answers(ask, new_names(), jobs)) as answered:
        found = [(found.proba, found.reasons == "") for _, found in answered]
    probabilities, are_names = map(np.concatenate, zip(*found, strict=True))
    if not are_names.any():
        raise ValueError(f"no row of {table.name} has a name: check --column")
    repeats = Predicted(below.model, row_of, probabilities)
    if index is not None:
        groups = dict(
            zip(repeats.classes_.tolist(), model.classes_[index].tolist(), strict=True)
        )
        repeats = GroupedClassifier(repeats, groups=groups)
    return repeats, {*compress(row_of, are_names)}
