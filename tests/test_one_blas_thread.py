"""Tests of the number of BLAS threads in a block and after it."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace

import pytest
from threadpoolctl import ThreadpoolController

from sknames._draws.one_blas_thread import OneBlasThread, one_blas_thread


def threads_of(api):
    return [
        library["num_threads"]
        for library in ThreadpoolController().select(user_api=api).info()
    ]


blas_threads = partial(threads_of, "blas")
openmp_threads = partial(threads_of, "openmp")


@pytest.fixture
def two_blas_threads():
    """A caller that has set two threads."""
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        yield blas_threads()


def test_one_blas_thread_restores_thread_count_after_error(two_blas_threads):
    with pytest.raises(KeyboardInterrupt), one_blas_thread:
        assert blas_threads() == [1] * len(two_blas_threads)
        raise KeyboardInterrupt
    assert blas_threads() == two_blas_threads


def set_one_blas_thread():
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        return blas_threads()


def test_one_blas_thread_applies_to_all_threads(two_blas_threads):
    # threadpoolctl lets one thread at a time set limits, and silently ignores the
    # others.

    def call():
        with one_blas_thread:
            return blas_threads()

    guard = ExitStack()
    with ThreadPoolExecutor(1) as pool:
        for one in (lambda f: f(), lambda f: pool.submit(f).result()):
            assert one(call) == [1] * len(two_blas_threads)
            assert blas_threads() == two_blas_threads
            for other in (lambda f: f(), lambda f: pool.submit(f).result()):
                one(lambda: guard.enter_context(one_blas_thread))
                assert blas_threads() == [1] * len(two_blas_threads)
                other(guard.close)
                assert blas_threads() == two_blas_threads
        # Afterwards, callers can set limits themselves.
        call()
        assert pool.submit(set_one_blas_thread).result() == [1] * len(two_blas_threads)


def test_one_blas_thread_keeps_openmp_limits(two_blas_threads):
    guard = OneBlasThread()
    with (
        ThreadpoolController().limit(limits=2, user_api="openmp"),
        ThreadPoolExecutor(1) as pool,
    ):
        before = openmp_threads()
        others = pool.submit(openmp_threads).result()
        assert 2 in before
        with guard:
            assert openmp_threads() == before
            pool.submit(guard.__enter__).result()
        pool.submit(guard.__exit__).result()
        assert openmp_threads() == before
        assert pool.submit(openmp_threads).result() == others


class SlowBlas:
    """Stand in for threadpoolctl's controller; threads meet in its slow changes."""

    n_threads = 2

    def limit(self, limits):
        before = self.n_threads
        self.change(limits)
        return SimpleNamespace(restore_original_limits=lambda: self.change(before))

    def change(self, n_threads):
        time.sleep(0.02)
        self.n_threads = n_threads
        time.sleep(0.02)


def test_one_blas_thread_holds_in_overlapping_threads(monkeypatch):
    blas = SlowBlas()
    guard = OneBlasThread()
    controller = SimpleNamespace(select=lambda user_api: blas)
    monkeypatch.setattr(
        "sknames._draws.one_blas_thread.ThreadpoolController", lambda: controller
    )

    def call(k):
        found = []
        for _ in range(9):
            time.sleep(0.01 * k)
            with guard:
                time.sleep(0.01 * k)  # meanwhile, others end
                found.append(blas.n_threads)
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(call, range(4))) == [[1] * 9] * 4
    assert blas.n_threads == 2
