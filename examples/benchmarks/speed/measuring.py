"""Time functions that are called in turn, and compare them."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import torch
from threadpoolctl import threadpool_limits


def interleave(functions, rounds, n=1, warm_up=True):
    """Return seconds per name, {key: array over rounds}, of functions of n (or n[key]) names.

    A round calls all functions in turn, so that other work on the machine affects all.
    """
    seconds = {what: [] for what in functions}
    for k in range(-warm_up, rounds):
        for what, function in functions.items():
            start = time.perf_counter()
            function()
            if k >= 0:
                count = n[what] if isinstance(n, dict) else n
                seconds[what].append((time.perf_counter() - start) / count)
    return {what: np.array(values) for what, values in seconds.items()}


def ratio(seconds, a, b):
    """Return the time of a over that of b, as the median over the rounds."""
    return float(np.median(seconds[a] / seconds[b]))


def ratios(seconds, pairs):
    """Return the ratio of each pair, {title: ratio}."""
    return {title: ratio(seconds, *pair) for title, pair in pairs.items()}


def rates(seconds, *keys):
    return [number(1 / np.median(seconds[key])) for key in keys or seconds]


def beside(seconds, reference):
    """Return rows of seconds and of ratios to the reference, and the ratios."""
    over = {what: ratio(seconds, what, reference) for what in seconds}
    return [[what, number(np.median(seconds[what])), number(over[what])] for what in over], over


def number(x):
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


@contextmanager
def threads(n):
    """Set the number of threads of torch and BLAS, as a caller would."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        with threadpool_limits(n):
            yield
    finally:
        torch.set_num_threads(before)


def child(code, *args):
    """Run code in a new process on one thread and return what it prints."""
    one = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1")
    command = [sys.executable, "-c", code, *map(str, args)]
    done = subprocess.run(
        command, check=True, text=True, stdout=subprocess.PIPE, env=os.environ | one
    )
    return done.stdout
