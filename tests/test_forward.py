"""Compare the network in numpy with the same network in torch."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special
from threadpoolctl import ThreadpoolController

from sknames._network import forward as _forward
from sknames._network import product as _product
from sknames._network.forward import Forward
from sknames._network.ngrams import NGRAM_SCALE
from sknames._training.batches import Batch
from sknames._training.recurrent_net import RecurrentNet
from sknames._training.rows import Rows
from tests.conftest import random_codes, random_network, run_process

N_CODES = 7
CLASSES = 4
LENGTH = 9
RANGES = [None, (1, 4), (3, 4)]
each_range = pytest.mark.parametrize("ngram_range", RANGES, ids=str)


def some_codes():
    """Make rows with common prefixes, duplicates, unknown symbols, repeated n-grams.

    Some rows are empty.
    """
    codes = random_codes(120, LENGTH, 5, seed=1)
    codes[:4] = 0
    codes[4:8] = codes[8]
    codes[8] = [1] * LENGTH
    codes[9] = [N_CODES - 1] * LENGTH
    codes[10:12, 0] = N_CODES - 1
    return codes


codes = pytest.fixture(some_codes, name="codes")


def network_of(*sizes, **params):
    seen = random_codes(300, LENGTH, 5, seed=2)
    symbols = np.arange(1, N_CODES - 1)
    return random_network(*sizes, seen=seen, symbols=symbols, **params)


class Pair:
    """A net in torch and the same in numpy."""

    def __init__(self, cell="gru", num_layers=1, ngram_range=None, embedding_dim=3,
                 dtype="float64"):  # fmt: skip
        self.network = network_of(
            cell, num_layers, 5, CLASSES, ngram_range, embedding_dim=embedding_dim
        )
        self.forward = Forward(self.network, dtype)
        net = RecurrentNet(
            n_codes=N_CODES, n_classes=CLASSES, cell=cell, hidden_size=5,
            num_layers=num_layers, embedding_dim=embedding_dim,
            n_ngrams=self.network.n_ngrams, dropout=0.5, embedding_dropout=0.5,
            ngram_dropout=0.5,
        )  # fmt: skip
        weights = {}
        for name in net.state_dict():
            weights[name] = torch.tensor(self.network.weights[name])
        net.load_state_dict(weights)
        self.net = net.double().eval()

    def expected(self, codes):
        """Logits of torch in float64."""
        n = len(codes)
        ngrams = None
        if self.network.ngrams is not None:
            idf = self.network.weights["ngram_idf"].astype(np.float64)
            ngrams = self.network.ngrams.tfidf(codes, idf)
        rows = Rows(codes, np.zeros(n, np.int64), np.ones(n, np.float32), ngrams)
        batch = Batch.of(rows)
        with torch.no_grad():
            logits, _ = self.net(batch.plan, batch.ngrams)
        return logits.numpy()


SHAPES = {
    "cell": st.sampled_from(["gru", "rnn", "sigmoid_rnn"]),
    "num_layers": st.integers(1, 3),
    "embedding_dim": st.sampled_from([3, None]),
    "ngram_range": st.sampled_from(RANGES),
    "dtype": st.sampled_from(["float64", "float32"]),
}
TOLERANCES = {"float64": 1e-10, "float32": 1e-5}


@given(shape=st.fixed_dictionaries(SHAPES))
@settings(deadline=None, derandomize=True, max_examples=40)
def test_numpy_logits_equal_torch_logits(shape):
    pair = Pair(**shape)
    codes = some_codes()
    before = codes.copy()
    for rows in (codes, codes[9:10], codes[:1, :0], codes[:9, :0]):
        found = pair.forward.logits(rows)
        assert found.dtype == shape["dtype"]
        assert found.shape == (len(rows), CLASSES)
        atol = TOLERANCES[shape["dtype"]]
        assert_allclose(found, pair.expected(rows), rtol=0, atol=atol)
    assert_array_equal(codes, before)


@pytest.mark.parametrize("n_rows", [3, 120])
def test_logits_of_country_head_are_linear_in_logits_and_ngrams(codes, n_rows):
    codes = codes[-n_rows:]
    network = replace(network_of("gru", 1, 8, 4, (1, 3), n_labels=7), words=None)
    weights = dict(network.weights)
    of_head = {}
    for name in network.weights:
        if name.startswith("head."):
            of_head[name.removeprefix("head.")] = weights.pop(name)
    trunk = replace(network, weights=weights)
    tfidf = trunk.ngrams.tfidf(codes, weights["ngram_idf"])
    expected = Forward(trunk, "float64").logits(codes) @ of_head["weight"].T
    expected += of_head["bias"]
    expected += NGRAM_SCALE * tfidf[:, of_head["ngrams"]] @ of_head["ngram_weight"]
    forward = Forward(network, "float64")
    assert_allclose(forward.logits(codes), expected, atol=1e-5)
    for row, logits in zip(codes, expected, strict=True):
        net, terms, _ = forward.logit_terms(row[None])
        assert_allclose(net + terms.sum(axis=0), logits, atol=1e-5)


def largest_difference(forward, n_rows=300):
    """Return how much the logits of rows depend on other rows and on their position.

    Rows are predicted alone, with a few others, with many others, and permuted.
    """
    codes = random_codes(n_rows, LENGTH, 5, seed=3)
    together = forward.logits(codes)
    order = np.random.RandomState(4).permutation(n_rows)
    wide = np.pad(codes, ((0, 0), (0, 20)))
    differences = [
        forward.logits(codes[order]) - together[order],
        forward.logits(wide) - together,
    ]
    for n in (1, 2, 3, 7, 8, 9, 24, 25, 26, 40, 100):
        for start in np.linspace(0, n_rows - n, num=7, dtype=int):
            some = slice(start, start + n)
            differences.append(forward.logits(codes[some]) - together[some])
    return max(np.abs(difference).max() for difference in differences)


@pytest.mark.parametrize("cell", ["gru", "rnn"])
@pytest.mark.parametrize("num_layers, ngram_range", [(1, (1, 5)), (2, None)])
@pytest.mark.parametrize(
    "hidden_size, n_classes", [(5, 130), (64, 2), (128, 1), (128, 18), (192, 130)]
)
def test_logits_of_row_do_not_depend_on_batch(
    cell, num_layers, hidden_size, n_classes, ngram_range
):
    n_labels = 165 if hidden_size == 64 and ngram_range else None
    network = network_of(
        cell, num_layers, hidden_size, n_classes, ngram_range, n_labels=n_labels
    )
    forward = Forward(network, "auto")
    assert forward.is_fixed == (forward.precision == np.float32)
    assert largest_difference(forward) <= (0 if forward.is_fixed else 1e-12)


# From old to new. A processor runs its own and those before; "Katmai" is how Prescott
# calls itself, and "Zen" has the kernels of Haswell.
KERNELS = ["Prescott", "Nehalem", "Sandybridge", "Haswell", "SkylakeX"]
ON_A_KERNEL = """
import json, sys
import numpy as np
from tests.test_forward import Forward, blas_kernel, largest_difference, network_of

found = {"kernel": blas_kernel(), "largest_difference": 0, "is_fixed": True}
for sizes in [("gru", 1, 128, 18, (1, 5)), ("rnn", 2, 64, 57, None), \
("gru", 2, 192, 2, None)]:
    network = network_of(*sizes, n_labels=sizes[-1] and 165)
    forward = Forward(network, "auto")
    found["is_fixed"] &= bool(forward.is_fixed)
    found["largest_difference"] = \
max(found["largest_difference"], largest_difference(forward))
network = network_of("gru", 1, 128, 18, None)
found["has_few"] = bool(Forward(network, "auto").output.has_few)
print(json.dumps(found, default=float))
"""


def blas_kernel():
    """The kernel of numpy's OpenBLAS, or None."""
    for library in ThreadpoolController().info():
        if library["internal_api"] == "openblas" and "numpy" in library["filepath"]:
            kernel = library["architecture"]
            return {"Katmai": "Prescott", "Zen": "Haswell"}.get(kernel, kernel)
    return None


@pytest.mark.parametrize("kernel", ["Nehalem", "Haswell"])
def test_logits_of_row_do_not_depend_on_batch_with_any_blas_kernel(kernel):
    here = blas_kernel()
    if here not in KERNELS or KERNELS.index(here) < KERNELS.index(kernel):
        pytest.skip(f"numpy runs {here}, and a processor for that may not run {kernel}")
    env = os.environ | {"OPENBLAS_CORETYPE": kernel}
    root = Path(__file__).parents[1]
    done = run_process(sys.executable, "-c", ON_A_KERNEL, env=env, cwd=root)
    found = json.loads(done.stdout)
    if found["kernel"] != kernel:
        pytest.skip("this OpenBLAS does not let choose")
    assert found["is_fixed"]
    assert found["has_few"]
    assert found["largest_difference"] == 0


@each_range
@pytest.mark.parametrize("cell, num_layers", [("gru", 1), ("rnn", 2)])
@pytest.mark.parametrize("widths", [{5, CLASSES}, {CLASSES}], ids=["all", "the last"])
def test_auto_dtype_is_float64_if_blas_products_depend_on_position(
    monkeypatch, codes, cell, num_layers, ngram_range, widths
):
    # Simulate a BLAS with another kernel for the last row of all or of some products.
    matmul = np.matmul

    def last_row_differs(x, weights, out):
        matmul(x, weights, out=out)
        if out.shape[-1] in widths:
            out[..., -1, :] = np.nextafter(out[..., -1, :], np.inf)

    shape = (cell, num_layers, ngram_range)
    assert Pair(*shape, dtype="auto").forward.precision == np.float32
    monkeypatch.setattr(np, "matmul", last_row_differs)
    precisions = {"auto": "float64", "float32": "float32", "float64": "float64"}
    for dtype, precision in precisions.items():
        pair = Pair(*shape, dtype=dtype)
        assert pair.forward.precision == precision
        assert not pair.forward.is_fixed
        for rows in (codes, codes[-3:]):
            found = pair.forward.logits(rows)
            atol = TOLERANCES[precision]
            assert_allclose(found, pair.expected(rows), rtol=0, atol=atol)


def test_auto_dtype_is_float64_if_products_of_head_depend_on_position(monkeypatch):
    network = network_of("gru", 1, 8, 4, (1, 3), n_labels=7)
    matmul = np.matmul

    def last_row_differs(x, weights, out):
        matmul(x, weights, out=out)
        out[..., -1, :] += out.shape[-1] == 7

    assert Forward(network, "auto").precision == np.float32
    monkeypatch.setattr(np, "matmul", last_row_differs)
    assert Forward(network, "auto").precision == np.float64


@each_range
def test_few_rows_use_full_size_products_if_small_products_differ(
    monkeypatch, ngram_range
):
    # Simulate a BLAS with another kernel for small products.
    network = network_of("gru", 2, 64, 18, ngram_range)
    matmul = np.matmul

    def small_ones_differ(x, weights, out):
        matmul(x, weights, out=out)
        if x.shape[-2] < _product.PRODUCT_ROWS:
            np.nextafter(out, np.inf, out=out)

    monkeypatch.setattr(np, "matmul", small_ones_differ)
    forward = Forward(network, "auto")
    assert forward.is_fixed
    assert not forward.output.has_few
    assert largest_difference(forward) == 0
    forward.output.has_few = True
    assert 0 < largest_difference(forward) < 1e-5


@pytest.mark.parametrize(
    "depth, width", [(1, 1), (128, 128), (192, 192), (300, 2000), (900, 7)]
)
def test_products_stay_below_threading_limit_of_blas(depth, width):
    rng = np.random.RandomState(0)
    weights = rng.randint(-9, 10, size=(3, depth, width)).astype(np.float32)
    x = rng.randint(7, size=(16, depth)).astype(np.float32)
    product = _product.Product(weights)
    found = np.empty((3, 16, width), dtype=np.float32)
    product(x, found)
    assert_array_equal(found, x @ weights)
    # OpenBLAS divides products of more than 2^18 multiplications.
    for _, part in product.slices:
        assert 8 * part.shape[2] * part.shape[3] <= 2**18


def test_numpy_logits_of_rows_longer_than_255_equal_torch_logits():
    pair = Pair(ngram_range=(1, 4))
    lengths = np.array([300, 2, 257, 256, 255, 44, 1, 299, 0])
    codes = np.random.RandomState(0).randint(1, 6, size=(9, 300)).astype(np.uint8)
    codes[np.arange(300) >= lengths[:, None]] = 0
    found = pair.forward.logits(codes)
    assert_allclose(found, pair.expected(codes), rtol=0, atol=1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_probabilities_are_softmax_of_logits_in_float64(codes, dtype):
    forward = Pair("gru", 1, (1, 4), dtype=dtype).forward
    for rows in (codes, codes[:3]):
        found = forward.probabilities(rows)
        logits = forward.logits(rows).astype(np.float64)
        assert_array_equal(found, special.softmax(logits, axis=1), strict=True)


@pytest.mark.parametrize("cell, num_layers", [("gru", 1), ("sigmoid_rnn", 2)])
@each_range
@pytest.mark.parametrize(
    "limits",
    [{"PLAN_ROWS": 7}, {"PLAN_ROWS": 1}, {"PLAN_ROWS": 30, "BLOCK_NODES": 3}],
    ids=str,
)
def test_logits_do_not_depend_on_chunk_and_block_size(
    monkeypatch, codes, cell, num_layers, ngram_range, limits
):
    pair = Pair(cell, num_layers, ngram_range)
    chunks = []
    whole_chunk = Forward._chunk

    def chunk(self, codes, memory):
        chunks.append(codes)
        return whole_chunk(self, codes, memory)

    monkeypatch.setattr(Forward, "_chunk", chunk)
    for name, value in limits.items():
        monkeypatch.setattr(_forward, name, value)
    found = pair.forward.logits(codes)
    assert_allclose(found, pair.expected(codes), rtol=0, atol=1e-12)
    assert sum(map(len, chunks)) == len(np.unique(codes, axis=0))
    for part in chunks:
        assert len(part) <= limits["PLAN_ROWS"]
    order = np.random.RandomState(3).permutation(len(codes))
    assert_array_equal(pair.forward.logits(codes[order]), found[order])


@pytest.mark.parametrize("ngram_range", [None, (1, 4)], ids=str)
def test_concurrent_predictions_in_threads_are_identical(
    monkeypatch, codes, ngram_range
):
    forward = Pair("gru", 2, ngram_range).forward
    monkeypatch.setattr(_forward, "PLAN_ROWS", 10)
    batches = [codes[i : i + 60] for i in range(0, 60, 10)] + [codes[:2]]
    expected = [forward.logits(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(forward.logits, batches * 8))
    for i, logits in enumerate(found):
        assert_array_equal(logits, expected[i % len(batches)])
