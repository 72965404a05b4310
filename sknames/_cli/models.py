"""Predict chunks of names, here or in several processes."""

import multiprocessing
import signal
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
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
    # Without the locks of ProcessPoolExecutor, which outlive a killed process: each process has a
    # pipe, and a thread that waits for it.
    free, processes, waiting, threads = [], [], deque(), ThreadPoolExecutor(jobs)

    def ask(names):
        pipe = free.pop()
        pipe.send(names)
        answer = pipe.recv()
        free.append(pipe)
        return answer

    try:
        for chunk, names in chain(chunks, [(None, None)] * 2 * jobs):
            with _held_back():
                while len(processes) < jobs:
                    processes.append(_start(free, spec, options))
                job = None if names is None else threads.submit(ask, names)
            waiting.append((chunk, job))
            if len(waiting) > 2 * jobs:
                chunk, job = waiting.popleft()
                if job is not None:
                    answer = job.result()
                    if isinstance(answer, Exception):
                        raise answer
                    yield chunk, answer
    except (EOFError, ConnectionError) as error:
        raise MemoryError("a process ended, perhaps because memory is full") from error
    finally:
        for process in processes:
            process.kill()
            process.join()
        threads.shutdown(cancel_futures=True)


def _start(free, spec, options):
    """Start a process that answers, and append our end of its pipe to `free`."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_answer, args=(theirs, spec, options))
    process.start()
    theirs.close()
    free.append(ours)
    return process


def _answer(pipe, spec, options):
    """Answer what comes through a pipe, until the process at its other end is gone."""
    # A terminal sends Ctrl-C to all processes, but the first one stops the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
    with suppress(EOFError, ConnectionError):
        while True:
            names = pipe.recv()
            try:
                answer = best(spec, names, *options)
            except Exception as error:
                answer = error
            pipe.send(answer)


@contextmanager
def _held_back():
    """Hold Ctrl-C back while processes and threads start; the processes begin with that."""
    came, numbers = [], (signal.SIGINT, signal.SIGTERM)
    # A blocked signal may still come to a thread of pyarrow, and Python then handles it here.
    before = {n: signal.signal(n, lambda number, frame: came.append(number)) for n in numbers}
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)
