"""Predict chunks of names, here or in several processes."""

import os
import signal
import threading
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from multiprocessing import get_context, parent_process

import joblib
import numpy as np

from .._base.version import __version__
from .._models.predict_names import PredictedList, predict_list
from .._models.stack import Stack
from .._text.names import Names
from .._text.not_names import SEVERAL
from .files import say
from .tables import CodedTexts

# Windows has no mask of signals, and sends Ctrl-C to all processes.
set_mask = getattr(signal, "pthread_sigmask", lambda *mask: ())


def map_chunks(function, chunks, jobs):
    """Yield (chunk, function(names)) for each (chunk, names), in order.

    Several processes give the same bits. There are never more processes than cores. At
    most one chunk a process waits, also if the writer is slow.
    """
    jobs = min(jobs, joblib.cpu_count())
    chunks = iter(chunks)
    if jobs > 1:
        first_two = [*islice(chunks, 2)]
        chunks = chain(first_two, chunks)
        if len(first_two) == 2:  # one chunk is not worth another process
            yield from _map_in_processes(function, chunks, jobs)
            return
    for chunk, names in chunks:
        yield chunk, function(names)


def _map_in_processes(function, chunks, jobs):
    """Yield what `map_chunks` does, from several processes."""
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _start, (function,))
    waiting = deque()
    try:
        for chunk, names in chunks:
            waiting.append((chunk, _submit(pool, names)))
            if len(waiting) == 2 * jobs:
                oldest_chunk, future = waiting.popleft()
                yield oldest_chunk, future.result()
        for chunk, future in waiting:
            yield chunk, future.result()
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
        return pool.submit(_call_function, names)
    finally:
        set_mask(signal.SIG_SETMASK, before)


def _start(function):
    """Prepare a worker. It ends when its parent ends, however that is."""
    global _function
    _function = function
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    """Wait until the parent has ended, and end this process."""
    parent_process().join()
    os._exit(1)


def _call_function(names):
    """Return what the worker's function returns for names."""
    return _function(names)


def closing_words(stack, start):
    """Return the end of what a command says last: the seconds since, and the model."""
    seconds = time.perf_counter() - start
    return f"{seconds:.1f} s; sknames {__version__}, {stack.fingerprint}"


@dataclass(frozen=True)
class DistinctTexts:
    """The distinct texts of a table, each of which was read and predicted once.

    Parameters
    ----------
    stack : Stack
        What predicted them.
    texts : CodedTexts
        The distinct texts, in the order of `listed`, and which each row has.
    listed : PredictedList
        The distinct texts, as they are read, and their probabilities.
    """

    stack: Stack
    texts: CodedTexts
    listed: PredictedList

    @property
    def counts(self):
        """How many rows have each text, (n_texts,)."""
        return np.bincount(self.texts.index, minlength=len(self.texts.code_of))

    def take(self, texts):
        """Return the list of some texts, which may repeat."""
        return self.listed.take([self.texts.code_of[text] for text in texts])


def predict_distinct(stack, chunks, jobs, table):
    """Read and predict the distinct texts of a table, from chunks of its texts."""
    texts = CodedTexts()
    new_texts = ((None, texts.add(chunk)) for chunk in chunks)
    tidied = []
    reasons = []
    proba = np.empty((0, 0))
    with closing(map_chunks(partial(_predict_part, stack), new_texts, jobs)) as results:
        for _, (tidy, reasons_of_part, proba_of_part) in results:
            tidied += tidy
            reasons.append(reasons_of_part)
            proba = _append_rows(proba, proba_of_part)
    names = Names.already_read(texts.distinct, tidied, np.concatenate(reasons))
    distinct = DistinctTexts(stack, texts, PredictedList(None, names, proba))
    _check_reasons(names.reasons, distinct.counts, table)
    return distinct


def _append_rows(table, rows):
    """Return a table with more rows, in its own memory: two of it may be too much."""
    if not len(table):
        return rows.copy()
    n_before = len(table)
    table.resize((n_before + len(rows), table.shape[1]), refcheck=False)
    table[n_before:] = rows
    return table


def _check_reasons(reasons, counts, table):
    """Raise ValueError if no row is a name; warn if most have several names."""
    n_rows = counts.sum()
    n_names = counts[reasons == ""].sum()
    n_several = counts[reasons == SEVERAL].sum()
    problem = f"no row of {table.name} has a name: check --column"
    if n_several > n_names:
        problem = (
            f"{table.name}: several names in {n_several:,} of {n_rows:,} rows: "
            "split them, one name a row"
        )
    if not n_names:
        raise ValueError(problem)
    if n_several > n_names:
        say(f"sknames: warning: {problem}.")


def _predict_part(stack, texts):
    """Return how texts are read, why each is no name, and their probabilities.

    A `Names` that a worker returned would be read anew.
    """
    listed = predict_list(stack, texts)
    return listed.names.tidy, listed.names.reasons, listed.proba
