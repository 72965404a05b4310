"""Ask a model about chunks of names, here or in several processes."""

import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, count, islice
from multiprocessing import get_context, parent_process

import joblib
import numpy as np

from .._models.predict_names import PredictedList, predict_list
from .._models.stack import Stack
from .._text.names import Names

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


@dataclass(frozen=True)
class DistinctTexts:
    """The distinct texts of a table, each of which was read and predicted once."""

    stack: Stack  # which predicted them
    row_of: dict[str, int]
    listed: PredictedList

    def take(self, texts):
        """Return the list of some texts, which may repeat."""
        return self.listed.take([self.row_of[text] for text in texts])

    def is_name(self, text):
        """Return whether a text is a name."""
        return self.listed.names.reasons[self.row_of[text]] == ""


def predict_distinct(stack, chunks, jobs, table):
    """Read and predict the distinct texts of a table, from chunks of its texts."""
    row_of = {}

    def new_texts():
        for texts in chunks:
            new = [text for text in dict.fromkeys(texts) if text not in row_of]
            row_of.update(zip(new, count(len(row_of)), strict=False))
            yield None, new

    with closing(answers(partial(_read, stack), new_texts(), jobs)) as answered:
        parts = [part for _, part in answered]
    tidied = [*chain.from_iterable(tidy for tidy, _, _ in parts)]
    reasons = np.concatenate([reasons for _, reasons, _ in parts])
    proba = np.concatenate([proba for _, _, proba in parts])
    if not (reasons == "").any():
        raise ValueError(f"no row of {table.name} has a name: check --column")
    names = Names.already_read(row_of, tidied, reasons)
    return DistinctTexts(stack, row_of, PredictedList(None, names, proba))


def _read(stack, texts):
    """Return texts as they are read, why they are no names, and probabilities."""
    listed = predict_list(stack, texts)
    return listed.names.tidy, listed.names.reasons, listed.proba
