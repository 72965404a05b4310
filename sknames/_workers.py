"""Answers for lists of names, here or in processes that each hold the model."""

import multiprocessing
import signal
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import wait

import numpy as np

from ._model_files import load_model
from ._stopping import finish_first


def best(model, names, top, proba):
    """The most probable classes of names.

    Returns
    -------
    indices : ndarray of shape (n_names, top)
        Of `classes_`, the most probable first; of equal ones the first.
    probabilities : ndarray of shape (n_names, top)
    all_probabilities : ndarray of shape (n_names, n_classes) or None
        If `proba`.
    """
    rest = model.predict_proba(names) if names else np.zeros((0, len(model.classes_)))
    all_probabilities = rest.copy() if proba else None
    indices = np.empty((len(names), top), dtype=np.intp)
    probabilities = np.empty((len(names), top))
    rows = np.arange(len(names))
    for k in range(top):
        indices[:, k] = rest.argmax(axis=1)
        probabilities[:, k] = rest[rows, indices[:, k]]
        rest[rows, indices[:, k]] = -1
    return indices, probabilities, all_probabilities


@contextmanager
def answering(model, load, n_jobs, top, proba):
    """A function from an iterable of (chunk, names) to one of (chunk, what `best` gives).

    Parameters
    ----------
    model : fitted classifier of names
        Used with one job.
    load : tuple
        Arguments of `load_model`, with which each process of several loads the model.
    n_jobs, top, proba
        The answers are the same bits with any number of jobs, and in the order of the chunks.
    """
    if n_jobs == 1:
        yield lambda chunks: ((chunk, best(model, names, top, proba)) for chunk, names in chunks)
        return
    context = multiprocessing.get_context("spawn")
    workers = []
    try:
        for _ in range(n_jobs):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, load, top, proba), daemon=True)
            # A process that is half started would complain of its parent's end.
            with finish_first(), _interrupts_held_back():
                process.start()
            theirs.close()
            workers.append((process, ours))
        yield lambda chunks: _spread(chunks, workers)
    finally:
        for process, connection in workers:
            connection.close()
            process.kill()
            process.join()


@contextmanager
def _interrupts_held_back():
    """Ctrl-C goes to all processes of a terminal; those started here never take it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # which unblocks them when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection, load, top, proba):
    """Answer until the other end is closed."""
    try:
        model = load_model(*load)
        while True:
            connection.send(best(model, connection.recv(), top, proba))
    except (EOFError, ConnectionError):
        pass
    except Exception as error:  # for the process that asked
        connection.send(error)


def _spread(chunks, workers):
    """Give each worker one chunk at a time, and the answers in the order of the chunks."""
    processes = {connection: process for process, connection in workers}
    idle, busy = list(processes), {}
    waiting, answers, n_given = {}, {}, 0

    def collect():
        for connection in wait(list(busy)):
            try:
                answer = connection.recv()
            except (EOFError, ConnectionResetError) as error:
                processes[connection].join()
                raise RuntimeError(
                    f"a process ended with exit code {processes[connection].exitcode}, maybe for "
                    "want of memory: give fewer --jobs"
                ) from error
            if isinstance(answer, Exception):
                raise answer
            answers[busy.pop(connection)] = answer
            idle.append(connection)

    def give(n_waiting):
        nonlocal n_given
        while n_given in answers or len(waiting) > n_waiting:
            if n_given in answers:
                yield waiting.pop(n_given), answers.pop(n_given)
                n_given += 1
            else:
                collect()

    for number, (chunk, names) in enumerate(chunks):
        while not idle:
            collect()
        connection = idle.pop()
        with suppress(BrokenPipeError, ConnectionResetError):  # what comes back says why
            connection.send(names)
        busy[connection], waiting[number] = number, chunk
        yield from give(4 * len(workers))  # more are not held while one worker is behind
    yield from give(0)
