"""How resamples are drawn: in chunks that fit the memory, which leave none out."""

import numpy as np
from numpy.testing import assert_array_equal

from sknames._shares.resampling import CHUNK, draw_units


def test_chunks_hold_all_draws_of_all_units():
    counts = np.ones(CHUNK // 3, dtype=int)
    chunks = [*draw_units(counts, 5, np.random.RandomState(0))]
    assert [rows for rows, _ in chunks] == [slice(0, 3), slice(3, 5)]
    for rows, drawn in chunks:
        assert len(drawn) == rows.stop - rows.start
        assert_array_equal(drawn.sum(axis=1), len(counts))
