"""The n-grams of a batch, against dense matrices."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from sknames._training.bags import Bags, SumOfBags

N_FEATURES = 50
N_CLASSES = 3
COUNTS = {
    "some rows are empty": [4, 0, 0, 7, 1, 9, 0],
    "one entry": [0, 1],
    "all rows are empty": [0, 0, 0],
    "no rows": [],
    "more than 2**16 entries": [70_000],
}


def make(counts):
    """N-grams of rows, as Rows has them."""
    rng = np.random.RandomState(0)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    # Few, so that rows share them, and out of order.
    features = 5 * rng.choice(N_FEATURES // 5, size=starts[-1]).astype(np.int32)
    values = rng.uniform(0.5, 1, size=starts[-1])
    return csr_array((values, features, starts), (len(counts), N_FEATURES))


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
@pytest.mark.parametrize("dropped", [False, True])
def test_sum_of_ngram_bags_and_its_gradient_equal_matrix_product(counts, dropped):
    ngrams = make(counts)
    bags = Bags.of(ngrams)
    values = ngrams.data
    if dropped:
        values = np.where(np.arange(len(values)) % 2, 2 * values, 0)
    ngrams.data = values
    matrix = torch.from_numpy(ngrams.toarray())
    weight = torch.randn(N_FEATURES, N_CLASSES, dtype=torch.float64, requires_grad=True)
    sums = SumOfBags.apply(weight, torch.from_numpy(values), bags)
    torch.testing.assert_close(sums, matrix @ weight)
    grad = torch.randn(len(counts), N_CLASSES, dtype=torch.float64)
    sums.backward(grad)
    assert weight.grad.is_sparse
    torch.testing.assert_close(weight.grad.to_dense(), matrix.T @ grad)
    assert weight.grad._indices()[0].tolist() == np.unique(ngrams.indices).tolist()
