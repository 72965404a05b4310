"""Limit BLAS to one thread in a block."""

import threading
from contextlib import contextmanager

from threadpoolctl import OpenBLASController, ThreadpoolController


class OneBlasThread:
    """Let BLAS use one thread in a block, then restore its setting; blocks may overlap.

    Several threads make products of this size slower, and much slower if a core is
    busy.
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.n_inside = 0
        self.controller = None

    def __enter__(self):
        with self.lock:
            if self.controller is None:
                # Not OpenMP: its limit belongs to a thread, and another could not
                # restore it.
                self.controller = ThreadpoolController().select(user_api="blas")
            if not self.n_inside:
                with _any_thread_may_limit():
                    self.limiter = self.controller.limit(limits=1)
            self.n_inside += 1

    def __exit__(self, *exception):
        with self.lock:
            self.n_inside -= 1
            if not self.n_inside:
                with _any_thread_may_limit():
                    self.limiter.restore_original_limits()


@contextmanager
def _any_thread_may_limit():
    """Let threadpoolctl 3.8 and later accept limits of OpenBLAS from any thread."""
    release = getattr(OpenBLASController, "clear_controlling_thread", _do_nothing)
    release(force=True)
    yield
    release(force=True)


def _do_nothing(force):
    """Stand for a function that older releases of threadpoolctl lack."""


one_blas_thread = OneBlasThread()
