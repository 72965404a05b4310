"""How many threads BLAS has during prediction, and after it."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from types import SimpleNamespace

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from sknames import NameNationalityClassifier
from sknames._base import one_blas_thread as _one_blas_thread
from sknames._base.one_blas_thread import one_blas_thread
from sknames._network.forward import Forward


def blas_threads():
    return [lib["num_threads"] for lib in ThreadpoolController().select(user_api="blas").info()]


@pytest.fixture
def two_blas_threads():
    """A caller that has set two threads."""
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        yield blas_threads()


@pytest.fixture(scope="module")
def codes():
    return np.random.RandomState(1).randint(2, 7, size=(120, 9)).astype(np.uint8)


@pytest.fixture(scope="module")
def model(codes):
    params = {"hidden_size": 4, "embedding_dim": 3, "max_epochs": 1, "random_state": 0}
    return NameNationalityClassifier(**params).fit(codes, np.arange(120) % 3)


def test_predict_gives_blas_threads_back(monkeypatch, model, codes, two_blas_threads):
    during, probabilities = [], Forward.probabilities

    def spy(self, codes):
        during.extend(blas_threads())
        return probabilities(self, codes)

    monkeypatch.setattr(Forward, "probabilities", spy)
    model.predict(codes)
    assert during == [1] * len(two_blas_threads)
    assert blas_threads() == two_blas_threads


@pytest.mark.parametrize("n_rows, expected", [(63, 2), (64, 1)])
def test_few_rows_are_not_worth_the_switch(two_blas_threads, n_rows, expected):
    with one_blas_thread(n_rows):
        assert blas_threads() == [expected] * len(two_blas_threads)


def test_blas_threads_come_back_after_an_error(monkeypatch, model, codes, two_blas_threads):
    def fail(self, codes):
        raise KeyboardInterrupt

    monkeypatch.setattr(Forward, "probabilities", fail)
    with pytest.raises(KeyboardInterrupt):
        model.predict(codes)
    assert blas_threads() == two_blas_threads


def set_one_blas_thread():
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        return blas_threads()


def test_the_limit_of_blas_threads_holds_whichever_thread_predicts(two_blas_threads):
    # threadpoolctl lets one thread at a time set limits, and silently ignores the others.

    def call():
        with one_blas_thread(1000):
            return blas_threads()

    guard = ExitStack()
    with ThreadPoolExecutor(1) as pool:
        for one in (lambda f: f(), lambda f: pool.submit(f).result()):
            assert one(call) == [1] * len(two_blas_threads)
            assert blas_threads() == two_blas_threads
            for other in (lambda f: f(), lambda f: pool.submit(f).result()):
                one(lambda: guard.enter_context(one_blas_thread(1000)))
                assert blas_threads() == [1] * len(two_blas_threads)
                other(guard.close)
                assert blas_threads() == two_blas_threads
        # Nor is the caller kept from it.
        call()
        assert pool.submit(set_one_blas_thread).result() == [1] * len(two_blas_threads)


def test_blas_threads_come_back_when_calls_overlap(two_blas_threads):
    first, second = ExitStack(), ExitStack()
    first.enter_context(one_blas_thread(1000))
    second.enter_context(one_blas_thread(1000))
    first.close()
    still = blas_threads()
    second.close()
    assert still == [1] * len(two_blas_threads)
    assert blas_threads() == two_blas_threads


def openmp_threads():
    return [lib["num_threads"] for lib in ThreadpoolController().select(user_api="openmp").info()]


def test_the_limit_of_openmp_which_belongs_to_a_thread_stays(two_blas_threads):
    guard = type(one_blas_thread(1000))()
    with ThreadpoolController().limit(limits=2, user_api="openmp"), ThreadPoolExecutor(1) as pool:
        before, others = openmp_threads(), pool.submit(openmp_threads).result()
        assert 2 in before
        with guard:
            assert openmp_threads() == before
            pool.submit(guard.__enter__).result()
        pool.submit(guard.__exit__).result()
        assert openmp_threads() == before
        assert pool.submit(openmp_threads).result() == others


class SlowBlas:
    """Stands for threadpoolctl's controller. A change takes so long that threads meet in it."""

    def __init__(self):
        self.n_threads, self.n_limits = 2, 0

    def limit(self, limits):
        self.n_limits += 1
        before = self.n_threads
        self.change(limits)
        return SimpleNamespace(restore_original_limits=lambda: self.change(before))

    def change(self, n_threads):
        time.sleep(0.05)
        self.n_threads = n_threads


@pytest.fixture
def blas(monkeypatch):
    blas = SlowBlas()
    controller = SimpleNamespace(select=lambda user_api: blas)
    monkeypatch.setattr(_one_blas_thread, "ThreadpoolController", lambda: controller)
    return blas


def test_threads_that_begin_at_once_share_one_limit(blas):
    guard, begin, inside = type(one_blas_thread(1000))(), Barrier(4), Barrier(4)

    def call(_):
        begin.wait(10)
        with guard:
            inside.wait(10)
            found = blas.n_threads
            inside.wait(10)
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(call, range(4))) == [1] * 4
    assert (blas.n_threads, blas.n_limits) == (2, 1)


def test_a_thread_that_begins_while_another_ends_has_its_limit(blas):
    guard = type(one_blas_thread(1000))()

    def call():
        time.sleep(0.02)  # The other's limit is being lifted.
        with guard:
            other.result(10)
            return blas.n_threads

    with ThreadPoolExecutor(2) as pool:
        guard.__enter__()
        other = pool.submit(guard.__exit__)
        assert pool.submit(call).result(10) == 1
    assert (blas.n_threads, blas.n_limits) == (2, 2)
