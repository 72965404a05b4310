"""The settings that training chooses by the number of rows."""

import numpy as np
import pytest

from sknames import NameNationalityClassifier
from sknames._training.settings import Settings

NAMES = ["dropout", "batch_size", "max_epochs", "min_df", "ngram_lr"]
PARTS = ["symbol_dropout", "ngram_dropout", "next_symbol_weight", "weight_decay"]


def resolved(n_rows, hidden=(), **params):
    return Settings.of(NameNationalityClassifier(**params), **dict(hidden)).resolved(
        n_rows
    )


def values(settings, names):
    return [getattr(settings, name) for name in names]


@pytest.mark.parametrize(
    "n_rows, expected",
    [
        (70, [0.85, 32, 34, 1, 1]),
        (500, [0.80, 32, 16, 1, 1]),
        (2_896, [0.55, 64, 16, 1, 1]),
        (2_897, [0.55, 128, 16, 1, 1]),
        (8_191, [0.40, 256, 16, 1, 1]),
        (8_192, [0.40, 512, 13, 2, 1]),
        (40_000, [0.40, 512, 13, 2, 1]),
        (40_001, [0.25, 512, 6, 2, 2]),
        (400_000, [0.25, 512, 6, 2, 2]),
        (400_001, [0.25, 1024, 10, 2, 2]),
        (600_000, [0.25, 1024, 10, 4, 2]),
        (1_000_000, [0.25, 1024, 10, 6, 2]),
    ],
)
def test_automatic_settings_of_gru_follow_number_of_rows(n_rows, expected):
    assert values(resolved(n_rows), NAMES) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    "n_rows, epochs", [(1_000, 20), (16_000, 16), (100_000, 8), (10**6, 12)]
)
@pytest.mark.parametrize("cell", ["rnn", "sigmoid_rnn"])
def test_elman_net_has_less_dropout_and_more_epochs(cell, n_rows, epochs):
    settings = resolved(n_rows, cell=cell)
    of_gru = resolved(n_rows)
    assert settings.dropout == pytest.approx(of_gru.dropout - 0.1)
    assert settings.max_epochs == epochs


@pytest.mark.parametrize(
    "n_rows, lr", [(8_191, 0.005), (8_192, 0.008), (40_000, 0.008), (40_001, 0.005)]
)
def test_lr_is_higher_from_8192_to_40000_rows_without_early_stopping(n_rows, lr):
    for params in ({}, {"batch_size": 256}):
        assert resolved(n_rows, **params).lr == lr
    assert resolved(n_rows, early_stopping=True).lr == 0.005
    assert resolved(n_rows, lr=0.1).lr == 0.1


@pytest.mark.parametrize("gce_q, ngram_eps", [(0, 2e-5), (0.2, 1e-8)])
def test_ngram_epsilon_is_default_with_generalized_cross_entropy_or_few_rows(
    gce_q, ngram_eps
):
    assert resolved(10**5, {"gce_q": gce_q}).ngram_eps == ngram_eps
    assert resolved(10**4, {"gce_q": gce_q}).ngram_eps == 1e-8


def test_given_settings_are_not_replaced():
    given = {
        "dropout": 0.33,
        "batch_size": 77,
        "max_epochs": 3,
        "min_df": 4,
        "word_weight": 0,
    }
    hidden = {"ngram_dropout": 0, "ngram_lr": 3.0, "ngram_eps": 0.1}
    settings = resolved(10**6, hidden, **given)
    assert vars(settings).items() >= (given | hidden).items()


@pytest.mark.parametrize(
    "strength, expected",
    [
        (0, [0, 0, 0, 0]),
        (0.5, [0.025, 0.25, 0.25, 0.01]),
        (1, [0.05, 0.5, 0.5, 0.02]),
        (20, [0.45, 0.95, 10, 0.4]),
    ],
)
def test_regularization_scales_dropout_weight_decay_and_next_symbol_weight(
    strength, expected
):
    settings = resolved(10, regularization=strength)
    assert values(settings, PARTS) == pytest.approx(expected)


def test_numpy_settings_become_python_numbers():
    given = {
        "hidden_size": np.uint8(200),
        "lr": np.float32(0.5),
        "early_stopping": np.bool_(True),
    }
    settings = resolved(10, **given, cell=np.str_("rnn"))
    assert values(settings, [*given, "cell"]) == [200, 0.5, True, "rnn"]
    assert not any(isinstance(value, np.generic) for value in vars(settings).values())


def test_number_of_epochs_follows_given_batch_size():
    assert resolved(30, batch_size=7).max_epochs == 20  # 5 batches
    assert resolved(30, batch_size=2).max_epochs == 16  # 15 batches
    assert resolved(30, batch_size=1000).max_epochs == 100


def test_automatic_settings_count_distinct_rows():
    X = np.arange(2, 42)[:, None].repeat(3, axis=0)
    model = NameNationalityClassifier(hidden_size=1, embedding_dim=1)
    model.fit(X, X[:, 0] % 3)
    assert model.n_iter_ == resolved(40).max_epochs == 50
