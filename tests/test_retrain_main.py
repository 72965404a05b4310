"""The command that trains, with stand-ins for what takes an hour."""

import numpy as np
import pytest

from tools.retrain import __main__ as retrain
from tools.retrain import countries


@pytest.fixture
def seeds(monkeypatch):
    """Replace all that draws, and return the seed that each was given."""
    given = []

    def draw(*_, seed, **__):
        given.append(seed)
        return np.array(["Anna Kern"]), np.array(["German"])

    def train(*_, verbose, **seed):
        given.extend(seed.values())
        return FakeModel()

    class FakeModel:
        def set_params(self, **_):
            return self

    monkeypatch.setattr(retrain, "training_names", draw)
    monkeypatch.setattr(retrain, "fit", train)
    monkeypatch.setattr(retrain, "fit_more", train)
    monkeypatch.setattr(retrain, "_write", lambda *_: None)
    monkeypatch.setattr(countries, "people_of_countries", dict)
    monkeypatch.setattr(countries, "read_country_dictionaries", dict)
    monkeypatch.setattr(countries, "training_names", draw)
    monkeypatch.setattr(countries, "fit", train)
    return given


def test_seed_draws_all_names_and_weights(seeds):
    retrain.main(["--seed", "3"])
    assert seeds == [3] * 6


def test_training_without_a_seed_takes_the_one_that_ships(seeds):
    retrain.main([])
    assert seeds == [retrain.SEED] * 6
