"""Predict chunks of names, here or in several processes."""

import multiprocessing
import signal
from collections import deque
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice

import joblib
import numpy as np

from .._predict_table import top_classes
from .._wrappers.grouped_classifier import GroupedClassifier
from .._wrappers.known_words import count_known_words
from .._wrappers.prior_shift_classifier import PriorShiftClassifier
from ..pretrained._model_files import load_model

_load = lru_cache(maxsize=1)(load_model)  # one copy, with and without other priors


@lru_cache(maxsize=1)
def load(path, trust_pickle=False, priors=None, level=None):
    """Load a model, once in each process; `priors` is a tuple in class order, or None."""
    model = _load(path, trust_pickle)
    if priors is not None:  # which need no names
        model = PriorShiftClassifier(model, priors=np.array(priors)).fit(None)
    return model if level is None else GroupedClassifier(model, level)


def best(spec, names, top=1, proba=False, words=False):
    """Return the places of the `top` most probable classes of each name, and probabilities.

    `spec` holds the arguments of `load`. Then come the probabilities of all classes with `proba`
    and the number of known words of each name with `words`, else None.
    """
    model = load(*spec)
    found = model.predict_proba(names) if names else np.zeros((0, len(model.classes_)))
    known = count_known_words(model, names) if words else None
    indices = top_classes(found, top)
    return indices, np.take_along_axis(found, indices, axis=1), found if proba else None, known


def answers(chunks, spec, jobs, *options):
    """Yield (chunk, what `best` returns with these options) for each (chunk, names), in order.

    Several processes give the same bits. There are never more processes than cores. At most two
    chunks a process wait: joblib.Parallel reads the whole table if the writer is slow.
    """
    jobs = min(jobs, joblib.cpu_count())
    chunks = iter(chunks)
    first = [*islice(chunks, 2)] if jobs > 1 else []
    chunks = chain(first, chunks)
    if len(first) < 2:
        yield from ((chunk, best(spec, names, *options)) for chunk, names in chunks)
        return
    # A terminal sends Ctrl-C to all processes, but this one stops the others.
    ignore = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
    with _held_back():
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), **ignore)
    waiting = deque()
    try:
        for chunk, names in chain(chunks, [(None, None)] * 2 * jobs):
            with _held_back():
                job = None if names is None else pool.submit(best, spec, names, *options)
            waiting.append((chunk, job))
            if len(waiting) > 2 * jobs:
                chunk, job = waiting.popleft()
                if job is not None:
                    yield chunk, job.result()
    except BrokenProcessPool as error:
        raise MemoryError("a process ended, perhaps because memory is full") from error
    finally:
        for process in multiprocessing.active_children():
            process.kill()
        pool.shutdown(cancel_futures=True)


@contextmanager
def _held_back():
    """Hold Ctrl-C back while processes and threads start; the processes inherit that."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
