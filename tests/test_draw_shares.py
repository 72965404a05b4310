"""Tests of which rows of a list are resampled together."""

from types import SimpleNamespace

import numpy as np

from sknames._draws.draw_shares import _parts_to_draw
from tools.measuring import list_of_rows


def test_parts_with_fewer_than_30_rows_are_resampled_together():
    """Parts with a total weight of 0 are not resampled."""
    weights = np.ones(100)
    weights[88:90] = 0
    names = list_of_rows(
        np.full((100, 2), 0.5), np.array(["a", "b"]), {"weights": weights}
    )
    parts = np.split(np.arange(100), [30, 59, 88, 90])
    seeds = SimpleNamespace(of_names=len)
    drawn = _parts_to_draw(names, parts, np.full(100, True), seeds)
    assert [(len(rows), seed) for rows, seed in drawn] == [(30, 30), (68, 68)]
