"""Predict chunks of names, here or in several processes."""

import pickle
import subprocess
import sys
from collections import deque
from contextlib import suppress
from functools import lru_cache
from itertools import chain, cycle, islice

import joblib
import numpy as np

from .._base.unwrap import ungroup
from .._predict_table import top_classes
from .._wrappers.grouped_classifier import GroupedClassifier
from .._wrappers.known_words import count_known_words
from .._wrappers.prior_shift_classifier import PriorShiftClassifier
from ..pretrained._model_files import load_model

ENDED = EOFError, BrokenPipeError, pickle.UnpicklingError  # of a pipe, when a process is gone
_load = lru_cache(maxsize=1)(load_model)  # one copy, with and without other priors


@lru_cache(maxsize=1)
def load(path, trust_pickle=False, priors=None, level=None):
    """Load a model, once in each process; `priors` is a tuple in class order, or None.

    `level` is one of groups, or "" for what a GroupedClassifier groups.
    """
    model = _load(path, trust_pickle)
    if level == "":
        return ungroup(model)[0]
    if priors is not None:  # which need no names
        model = PriorShiftClassifier(model, priors=np.array(priors)).fit(None)
    return model if level is None else GroupedClassifier(model, level)


def best(spec, names, top=1, proba=False, words=False):
    """Return the indices of the `top` most probable classes of each name, and probabilities.

    `spec` holds the arguments of `load`. Then come the probabilities of all classes with `proba`
    and the number of known words of each name with `words`, else None.
    """
    model = load(*spec)
    every = model.predict_proba(names) if names else np.zeros((0, len(model.classes_)))
    known = count_known_words(model, names) if words else None
    indices = top_classes(every, top)
    return indices, np.take_along_axis(every, indices, axis=1), every if proba else None, known


def answers(chunks, spec, jobs, *options):
    """Yield (chunk, what `best` returns with these options) for each (chunk, names), in order.

    Several processes give the same bits. There are never more processes than cores. At most one
    chunk a process waits: joblib.Parallel reads the whole table if the writer is slow.
    """
    jobs = min(jobs, joblib.cpu_count())
    chunks = iter(chunks)
    first = [*islice(chunks, 2)] if jobs > 1 else []
    chunks = chain(first, chunks)
    if len(first) < 2:
        yield from ((chunk, best(spec, names, *options)) for chunk, names in chunks)
        return
    processes, waiting = [], deque()
    try:
        processes += (_start() for _ in range(jobs))
        chunks = chain(chunks, [(None, None)] * jobs)
        for (chunk, names), process in zip(chunks, cycle(processes), strict=False):
            answer = pickle.load(process.stdout) if len(waiting) == jobs else None
            if names is not None:
                pickle.dump((spec, names, *options), process.stdin)
                process.stdin.flush()
            waiting.append(chunk)
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                yield waiting.popleft(), answer
    except ENDED as error:
        raise MemoryError("a process ended, perhaps because memory is full") from error
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _start():
    """Start a process that answers.

    It ends with its standard input, so with this process, however that ends. It has a group of its
    own, since a terminal sends Ctrl-C to all of a group.
    """
    code = f"import sys; sys.path[:] = {sys.path}; from {__name__} import work; work()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code], process_group=0, **pipes)


def work():
    """Return through standard output what `best` returns for arguments from standard input."""
    ours, sys.stdout = sys.stdout.buffer, sys.stderr
    with suppress(*ENDED):
        while True:
            arguments = pickle.load(sys.stdin.buffer)
            try:
                answer = best(*arguments)
            except Exception as error:
                answer = error
            pickle.dump(answer, ours)
            ours.flush()
