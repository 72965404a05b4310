"""Products of rows and weights."""

import numpy as np
import pytest

from sknames._network.product import Product


@pytest.mark.parametrize("depth, width", [(1, 1), (128, 128), (192, 192), (300, 2000), (900, 7)])
def test_products_are_too_small_for_a_second_thread(depth, width):
    """OpenBLAS divides products of more than 2^18 multiplications."""
    weights = np.random.RandomState(0).randint(-9, 10, size=(3, depth, width)).astype(np.float32)
    product, x = Product(weights), np.arange(16.0 * depth, dtype=np.float32) % 7
    found = np.empty((3, 16, width), dtype=np.float32)
    product(x.reshape(16, depth), found)
    np.testing.assert_array_equal(found, x.reshape(16, depth) @ weights)
    assert all(8 * part.shape[2] * part.shape[3] <= 2**18 for _, part in product.slices)
