"""One thread of BLAS while names are predicted, whatever the caller has set."""

import os
import threading
from contextlib import contextmanager, nullcontext

from threadpoolctl import OpenBLASController, ThreadpoolController

MIN_ROWS_TO_GUARD = 64


class _OneBlasThread:
    """Let BLAS use one thread in a block, then as many as before; blocks of threads may overlap.

    Several threads make products of this size slower, and very much slower beside a busy core.
    """

    def __init__(self):
        self.lock = threading.RLock()
        self.n_inside = 0
        self.controller = None

    def __enter__(self):
        with self.lock:
            if self.controller is None:
                # Not OpenMP, whose limit is of one thread: another could not give it back.
                self.controller = ThreadpoolController().select(user_api="blas")
            if not self.n_inside:
                with _any_thread_may_limit():
                    self.limiter = self.controller.limit(limits=1)
            self.n_inside += 1

    def __exit__(self, *exception):
        with self.lock:
            # It is 0 already in a child that was forked inside.
            self.n_inside = max(0, self.n_inside - 1)
            if not self.n_inside:
                self.restore()

    def restore(self):
        """Give BLAS the number of threads that it had."""
        with _any_thread_may_limit():
            self.limiter.restore_original_limits()

    def give_back_after_fork(self):
        """A forked child has none of the other threads inside, which would leave."""
        if self.n_inside:
            self.n_inside = 0
            self.restore()
        self.lock.release()


@contextmanager
def _any_thread_may_limit():
    """threadpoolctl from 3.8 on ignores limits of OpenBLAS set by another thread than the first."""
    release = getattr(OpenBLASController, "clear_controlling_thread", lambda force: None)
    release(force=True)
    yield
    release(force=True)


_ONE_BLAS_THREAD = _OneBlasThread()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_ONE_BLAS_THREAD.lock.acquire,
        after_in_parent=_ONE_BLAS_THREAD.lock.release,
        after_in_child=_ONE_BLAS_THREAD.give_back_after_fork,
    )


def one_blas_thread(n_rows):
    """The guard of prediction; switching takes some 0.1 ms, which a few rows are not worth."""
    return _ONE_BLAS_THREAD if n_rows >= MIN_ROWS_TO_GUARD else nullcontext()
