"""Ask a model about chunks of names, here or in several processes."""

import os
import signal
import threading
from collections import Counter, defaultdict, deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from functools import partial
from itertools import chain, compress, count, islice
from multiprocessing import get_context, parent_process

import joblib
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from .._answers.inside import unwrap
from .._answers.predict_names import predict_names

# Windows has none, and sends Ctrl-C to all processes.
set_mask = getattr(signal, "pthread_sigmask", lambda *mask: ())


def answers(ask, chunks, jobs):
    """Yield (chunk, ask(names)) for each (chunk, names), in order.

    Several processes give the same bits. There are never more processes than cores. At most one
    chunk a process waits, also if the writer is slow.
    """
    jobs = min(jobs, joblib.cpu_count())
    chunks = iter(chunks)
    first = [*islice(chunks, 2)] if jobs > 1 else []
    chunks = chain(first, chunks)
    if len(first) < 2:
        yield from ((chunk, ask(names)) for chunk, names in chunks)
        return
    pool, waiting = ProcessPoolExecutor(jobs, get_context("spawn"), _start, (ask,)), deque()
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
    """Let a process answer. Ctrl-C, which a terminal sends to all, is not for one that this starts.

    It ends with this process.
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
    """A fitted model that has predicted some texts, and repeats its answers."""

    def __init__(self, model, row_of, probabilities):
        self.model, self.row_of, self.probabilities = model, row_of, probabilities
        self.classes_ = model.classes_

    def fit(self, X, y=None):
        return self

    def predict_proba(self, X):
        return self.probabilities[[self.row_of[text] for text in X]]

    def _describe(self):
        return unwrap(self.model)._replace(ungrouped=None)


def predict_distinct(model, table, jobs, by=None):
    """Predict the distinct texts of a table, each once.

    Return a model that repeats the answers, the texts that are names, and a Counter of the texts of
    each group in the columns `by`, or of all. A group is a tuple of pairs (column, value).
    """
    row_of, n_of = {}, defaultdict(Counter)

    def new_names():
        for chunk, names in table.names():
            columns = table.choose(chunk.column_names, by, "--by") if by else []
            values = [table.texts(chunk, column, "--by").tolist() for column in columns]
            keys = [*zip(*values, strict=True)] or [()] * len(names)
            new = [name for name in dict.fromkeys(names) if name not in row_of]
            row_of.update(zip(new, count(len(row_of)), strict=False))
            for key, name in zip(keys, names, strict=True):
                n_of[tuple(zip(columns, key, strict=True))][name] += 1
            yield None, new

    ask = partial(predict_names, model, threshold=None)
    with closing(answers(ask, new_names(), jobs)) as answered:
        found = [(found.proba, found.reasons == "") for _, found in answered]
    probabilities, are_names = map(np.concatenate, zip(*found, strict=True))
    names = {*compress(row_of, are_names)}
    if not names:
        raise ValueError(f"no row of {table.name} has a name: check --column")
    return Predicted(model, row_of, probabilities), names, dict(sorted(n_of.items()))
