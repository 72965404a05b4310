"""Predict chunks of names, here or in several processes."""

import pickle
import subprocess
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, cycle, islice

import joblib
import numpy as np

from .._answers.groups import M49
from .._answers.inside import ungroup
from .._answers.predict_names import predict_names
from .._wrappers.grouped_classifier import GroupedClassifier
from .._wrappers.prior_shift_classifier import PriorShiftClassifier
from .._wrappers.selective_classifier import SelectiveClassifier
from ..pretrained._load_pretrained import load_pretrained
from ..pretrained._model_files import load_model
from ..pretrained._predict_sets import sets_of_probabilities

ENDED = EOFError, BrokenPipeError, pickle.UnpicklingError  # of a pipe, when a process is gone


@dataclass(frozen=True)
class Job:
    """What is asked about each chunk of names, in each process: of which model, and what."""

    path: str
    trust_pickle: bool = False
    fallback: bool = False  # answer with a group where a label is unsure
    priors: tuple[float, ...] | None = None  # in the order of the classes
    groups: str | None = None  # of `GroupedClassifier`
    top: int = 1
    threshold: float | None = None
    known_words: bool = False
    coverage: float | None = None  # of sets of labels
    ungrouped: bool = False  # ask what a GroupedClassifier groups
    proba: bool = False  # return the probabilities of all labels


@lru_cache(maxsize=1)
def load(path, trust_pickle=False, fallback=False):
    """Load the model in a file, or one that ships, once in each process."""
    if fallback:
        return load_pretrained(path, abstain=True, fallback=[*M49])
    return load_model(path, trust_pickle=trust_pickle)


@lru_cache(maxsize=1)
def model_of(path, trust_pickle, fallback, priors, groups, ungrouped):
    """Return the model that a `Job` asks."""
    model = load(path, trust_pickle, fallback)
    if ungrouped:
        return ungroup(model)[0]
    if (priors or groups) and isinstance(model, SelectiveClassifier):
        model = model.estimator_  # its threshold would not hold
    if priors is not None:  # which need no names
        model = PriorShiftClassifier(model, priors=np.array(priors)).fit(None)
    return model if groups is None else GroupedClassifier(model, groups=groups)


def answer(job, names):
    """Return what `predict_names` does for a job, with `sets` for a coverage."""
    model = model_of(
        job.path, job.trust_pickle, job.fallback, job.priors, job.groups, job.ungrouped
    )
    options = {"top": job.top, "threshold": job.threshold, "known_words": job.known_words}
    found = predict_names(model, names, **options)
    if job.coverage is not None:
        inner, groups = ungroup(model)
        proba = found.proba if groups is None else predict_names(inner, names).proba
        found.sets = sets_of_probabilities(model, proba, job.coverage)
    if not job.proba:  # they are many
        found.proba = None
    return found


def answers(chunks, job, jobs):
    """Yield (chunk, what `answer` returns for the job) for each (chunk, names), in order.

    Several processes give the same bits. There are never more processes than cores. At most one
    chunk a process waits: joblib.Parallel reads the whole table if the writer is slow. Ours end
    with this process, however that ends: those of concurrent.futures outlive one that is killed.
    """
    jobs = min(jobs, joblib.cpu_count())
    chunks = iter(chunks)
    first = [*islice(chunks, 2)] if jobs > 1 else []
    chunks = chain(first, chunks)
    if len(first) < 2:
        yield from ((chunk, answer(job, names)) for chunk, names in chunks)
        return
    processes, waiting = [], deque()
    try:
        processes += (_start() for _ in range(jobs))
        chunks = chain(chunks, [(None, None)] * jobs)
        for (chunk, names), process in zip(chunks, cycle(processes), strict=False):
            found = pickle.load(process.stdout) if len(waiting) == jobs else None
            if names is not None:
                pickle.dump((job, names), process.stdin)
                process.stdin.flush()
            waiting.append(chunk)
            if isinstance(found, Exception):
                raise found
            if found is not None:
                yield waiting.popleft(), found
    except ENDED as error:
        raise MemoryError("a worker died; memory may be full") from error
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _start():
    """Start a process that answers. It ends with its standard input, so with this process.

    It has a group of its own, since a terminal sends Ctrl-C to all of a group.
    """
    code = f"import sys; sys.path[:] = {sys.path}; from {__name__} import work; work()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code], process_group=0, **pipes)


def work():
    """Return through standard output what `answer` returns for arguments from standard input."""
    ours, sys.stdout = sys.stdout.buffer, sys.stderr
    with suppress(*ENDED):
        while True:
            arguments = pickle.load(sys.stdin.buffer)
            try:
                found = answer(*arguments)
            except Exception as error:
                found = error
            pickle.dump(found, ours)
            ours.flush()
