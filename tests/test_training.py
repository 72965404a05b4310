"""Batches, losses, and how a fit begins, ends and fails."""

import os
import pickle
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from sklearn.metrics import get_scorer
from skorch.callbacks import (
    BatchScoring,
    Callback,
    EpochScoring,
    Freezer,
    LRScheduler,
    PassthroughScoring,
    Unfreezer,
)

from sknames import NameNationalityClassifier
from sknames._training import callbacks as _callbacks
from sknames._training import settings as _settings
from sknames._training import train as _training
from sknames._training import training_net as _training_net
from sknames._training.bags import Bags
from sknames._training.batches import (
    MIN_ROWS_TO_SHARE,
    RUN,
    Batch,
    Batches,
    runs_in_random_order,
)
from sknames._training.loss import Loss
from sknames._training.rows import Rows
from tests.conftest import random_codes, run_process

TINY = {
    "hidden_size": 5,
    "embedding_dim": 4,
    "max_epochs": 3,
    "batch_size": 40,
    "ngram_range": (1, 2),
    "word_weight": 0,
    "random_state": 0,
}
HIDDEN = {*_settings.REGULARIZATION, "gce_q"}
WITHOUT = {"dropout": 0, "symbol_dropout": 0, "ngram_dropout": 0}
DIVERGING = {"lr": 1e37, "max_epochs": 40}


def random_labels(n=100):
    return np.array(["a", "b", "c"])[np.random.RandomState(1).randint(3, size=n)]


@pytest.fixture
def X():
    return symbols_of_codes(random_codes(100, 6, 4))


@pytest.fixture
def y():
    return random_labels()


def symbols_of_codes(codes):
    """Symbols from 2, since 1 is the space."""
    return codes + (codes > 0)


def fit(X, y, weights=None, **params):
    """Fit a classifier; hidden settings work as in the shipped model's recipe."""
    params = TINY | params
    hidden = {name: params.pop(name) for name in params.keys() & HIDDEN}
    classifier = NameNationalityClassifier(**params)
    if not hidden:
        return classifier.fit(X, y, weights)
    weights = np.ones(len(y)) if weights is None else weights
    settings = _settings.Settings.of(classifier, **hidden)
    classifier.n_features_in_ = X.shape[1]
    classifier._set_fitted(*_training.fit(X, y, weights, settings))
    return classifier


def make_rows(n=100, with_ngrams=True):
    """Rows whose labels are their numbers."""
    codes, rng = random_codes(n, 6, 4), np.random.RandomState(1)
    ngrams = None
    if with_ngrams:
        starts = np.concatenate([[0], np.cumsum(rng.randint(0, 4, size=n))])
        features = rng.randint(50, size=starts[-1]).astype(np.int32)
        ngrams = features, starts, rng.uniform(size=starts[-1]).astype(np.float32)
    weights = rng.uniform(0.5, 2, size=n).astype(np.float32)
    return Rows(codes, np.arange(n), weights, ngrams)


def paths_of(plan):
    """The nodes of each row, after each of its symbols."""
    for node in plan.ends.tolist():
        path = []
        while node:
            path.insert(0, node)
            node = int(plan.parents[node])
        yield path


def symbols_of(plan):
    return [[int(plan.symbols[node]) for node in path] for path in paths_of(plan)]


def entries(ngrams, i):
    """The features and values of a row, of Rows or of a Batch."""
    if isinstance(ngrams, Bags):
        features, starts, values = (
            ngrams.features[ngrams.columns],
            ngrams.starts,
            ngrams.values,
        )
    else:
        features, starts, values = ngrams
    last = starts[i + 1] if i + 1 < len(starts) else len(features)
    return features[starts[i] : last].tolist(), values[starts[i] : last].tolist()


@pytest.mark.parametrize("batch_size", [1, 4, MIN_ROWS_TO_SHARE - 1, MIN_ROWS_TO_SHARE])
def test_batches_that_share_no_prefixes_draw_rows_one_by_one(batch_size):
    rng = np.random.RandomState(0)
    batches = Batches(make_rows(2_000), batch_size, rng)
    order = np.concatenate([labels for _, labels in batches])
    share_of_neighbours = np.mean(np.diff(order) == 1)
    expected = 1 - 1 / RUN if batch_size >= MIN_ROWS_TO_SHARE else 0
    assert share_of_neighbours == pytest.approx(expected, abs=0.01)
    # Runs may begin anywhere, so that no two rows are always or never together.
    starts = {
        order[0] % RUN
        for order in (runs_in_random_order(2_000, RUN, rng) for _ in range(9))
    }
    assert len(starts) > 1


@pytest.mark.parametrize(
    "batch_size, sizes", [(30, [30, 30, 30, 10]), (100, [100]), (50, [50] * 2)]
)
@pytest.mark.parametrize("with_ngrams", [True, False])
def test_epoch_has_each_row_once(batch_size, sizes, with_ngrams):
    rows = make_rows(with_ngrams=with_ngrams)
    batches = Batches(rows, batch_size, np.random.RandomState(0))
    assert len(batches) == len(sizes)
    orders = []
    for _ in range(2):
        order = []
        for batch, labels in batches:
            chosen = labels.tolist()
            assert len(batch) == len(chosen)
            assert symbols_of(batch.plan) == [
                row[row > 0].tolist() for row in rows.codes[chosen]
            ]
            np.testing.assert_array_equal(batch.weights, rows.weights[chosen])
            for i, row in enumerate(chosen if with_ngrams else []):
                assert entries(batch.ngrams, i) == entries(rows.ngrams, row)
            order.append(chosen)
        assert [len(chosen) for chosen in order] == sizes
        orders.append([*chain.from_iterable(order)])
        assert sorted(orders[-1]) == list(range(100))
    assert orders[0] != orders[1] and list(range(100)) not in orders


def test_batches_without_random_state_keep_the_order_of_rows():
    batches = Batches(make_rows(), 30, unknown=9, symbol_dropout=0.9)
    assert [label for _, labels in batches for label in labels.tolist()] == list(
        range(100)
    )
    assert all(9 not in batch.plan.symbols for batch, _ in batches)


def test_batches_share_prefixes_where_there_are_many_rows():
    codes = np.ones((MIN_ROWS_TO_SHARE, 3), dtype=np.uint8)
    few, many = codes[1:], codes
    for codes, n_nodes in [(few, 1 + 3 * len(few)), (many, 4)]:
        n = len(codes)
        batch = Batch.of(Rows(codes, np.zeros(n, np.int64), np.ones(n, np.float32)))
        assert len(batch.plan.symbols) == n_nodes


@pytest.mark.parametrize("share", [True, False])
def test_next_symbol_loss_is_that_of_rows(share):
    # Symbols are predicted from all codes, 0 to 5, or from those that occur.
    rows, rng, table = make_rows(), np.random.RandomState(2), {}
    rows.codes[rows.codes == 4] = 5
    codes = np.unique(rows.codes).astype(int)
    assert codes.tolist() == [0, 1, 2, 3, 5]

    def logits_after(prefix):
        return table.setdefault(tuple(prefix), rng.normal(size=6))

    total, total_of_some, n = 0, 0, 0
    for code, weight in zip(rows.codes, rows.weights, strict=True):
        text = code[code > 0].tolist()
        for position, symbol in enumerate([*text, 0]):
            logits = logits_after(text[:position])
            total -= weight * log_softmax(logits)[symbol]
            total_of_some -= weight * log_softmax(logits[codes])[codes == symbol].item()
            n += weight
    batch = Batch.of(rows, share)
    assert (len(batch.plan.symbols) == 1 + np.count_nonzero(rows.codes)) != share
    logits = np.zeros((len(batch.plan.symbols), 6))
    logits[0] = logits_after([])
    for path, symbols in zip(paths_of(batch.plan), symbols_of(batch.plan), strict=True):
        for depth, node in enumerate(path, start=1):
            logits[node] = logits_after(symbols[:depth])
    logits = torch.from_numpy(logits).float()
    found = Loss.next_symbol(logits, batch)
    assert found.item() == pytest.approx(total / n, rel=1e-5)
    columns = torch.from_numpy(np.searchsorted(codes, batch.plan.symbols.numpy()))
    found = Loss.next_symbol(logits[:, codes], batch, columns)
    assert found.item() == pytest.approx(total_of_some / n, rel=1e-5)


@pytest.mark.parametrize("doubt", [0, 0.2, 1.0])
def test_class_loss_is_adjusted_and_doubts_labels_in_training_only(doubt):
    # (1 - p^q) / q of its probability p: 1 - p for q = 1, and -log p for q towards 0.
    rng, prior = np.random.RandomState(0), np.array([-2.0, -0.5, -1.0])
    rows = make_rows(7, with_ngrams=False)
    rows = Rows(rows.codes, rng.randint(3, size=7), rows.weights)
    logits, loss = 3 * rng.normal(size=(7, 3)), Loss(prior, doubt)
    for training in (True, False):
        p = softmax(logits + prior * training, axis=1)[np.arange(7), rows.labels]
        losses = (1 - p**doubt) / doubt if doubt and training else -np.log(p)
        found = loss(torch.from_numpy(logits).float(), Batch.of(rows), training)
        assert found.item() == pytest.approx(
            (losses * rows.weights).sum() / 7, rel=1e-5
        )
        assert found.dtype == torch.float32


class NextSymbol(Callback):
    """Keep the symbols of each batch, and the gradients of the bias of the next one."""

    def on_train_begin(self, net, **kwargs):
        self.symbols, self.gradients = [], []

    def on_grad_computed(self, net, named_parameters, batch, **kwargs):
        self.symbols.append(np.unique(batch[0].plan.symbols).tolist())
        self.gradients.append(
            dict(named_parameters)["next_symbol.bias"].grad.numpy().copy()
        )


def next_symbol_of(X, y, **params):
    seen = NextSymbol()
    fit(X, y, max_epochs=1, callbacks=[seen], **WITHOUT, **params)
    return seen


def test_next_symbol_loss_counts_by_its_weight(X, y, monkeypatch):
    monkeypatch.setattr(_callbacks, "MAX_GRADIENT_NORM", 1e9)
    params = {"batch_size": 100, "ngram_range": None}
    (first,), *others = (
        next_symbol_of(X, y, next_symbol_weight=weight, **params).gradients
        for weight in (0.25, 0.5, 2)
    )
    assert np.abs(first).max() > 1e-3
    np.testing.assert_allclose(others, [[2 * first], [8 * first]], rtol=1e-4)


@pytest.mark.parametrize("many", [5, 6])
def test_next_symbol_of_many_codes_is_predicted_from_those_of_a_batch(
    X, y, monkeypatch, many
):
    # Padding, 1 to 4 and the unknown code are 6; 4 is in few of the batches.
    monkeypatch.setattr(_training_net, "MANY_CODES", many)
    X = np.where(np.arange(len(X))[:, None] < 10, X, np.minimum(X, 4))
    seen = next_symbol_of(X, y, batch_size=10)
    moved = [np.flatnonzero(gradient).tolist() for gradient in seen.gradients]
    assert len({*map(tuple, seen.symbols)}) > 1
    assert moved == (seen.symbols if many == 5 else [[*range(6)]] * len(moved))


@pytest.mark.parametrize("p", [0.05, 0.3])
def test_symbols_are_dropped_to_the_unknown_one(p):
    rng = np.random.RandomState(0)
    X = rng.choice([3, 5, 7, 9], size=(400, 5)) * (
        np.arange(5) < rng.randint(1, 6, size=(400, 1))
    )
    total = dropped = 0
    seen = set()

    class Symbols(Callback):
        def on_batch_begin(self, net, batch, training, **kwargs):
            nonlocal total, dropped
            symbols, weights = batch[0].plan.symbols[1:], batch[0].node_weights[1:]
            seen.update(symbols.tolist())
            total += weights.sum().item()
            dropped += weights[symbols == 5].sum().item()

    fit(
        X,
        X[:, 0],
        symbol_dropout=p,
        max_epochs=20,
        ngram_range=None,
        callbacks=[Symbols()],
    )
    assert seen == {
        1,
        2,
        3,
        4,
        5,
    }  # The unknown symbol has the code behind those that are known.
    assert dropped / total == pytest.approx(p, abs=0.01)


def test_classes_are_adjusted_by_their_weight_among_rows_to_train_on():
    rng, recorder = np.random.RandomState(0), Recorder()
    X, y, weights = (
        np.arange(2, 102)[:, None],
        rng.randint(3, size=100),
        rng.lognormal(size=100),
    )
    params = {"early_stopping": True, "logit_adjustment": 0.7, "gce_q": 0.3}
    model = fit(X, y, weights, **params, callbacks=[recorder])
    train = recorder.train
    shares = np.bincount(train.labels, weights=train.weights) / train.weights.sum()
    np.testing.assert_allclose(
        model.net_.criterion_.prior, 0.7 * np.log(shares), rtol=1e-4
    )
    assert model.net_.criterion_.gce_q == 0.3


class Recorder(Callback):
    """Keep what a callback sees, and do something at the end of an epoch."""

    def __init__(self, at_epoch_end=lambda: None):
        self.at_epoch_end = at_epoch_end
        self.snapshots, self.threads, self.ended = [], [], 0

    def on_epoch_begin(self, net, dataset_train, dataset_valid, **kwargs):
        self.train, self.valid = dataset_train, dataset_valid

    def on_epoch_end(self, net, **kwargs):
        self.snapshots.append(_training.weights_of(net))
        self.threads.append(torch.get_num_threads())
        self.at_epoch_end()

    def on_train_end(self, net, **kwargs):
        self.ended += 1


class Steps(Callback):
    """Keep each step's learning rate, and the norm of the dense gradients."""

    def on_train_begin(self, net, **kwargs):
        self.lrs, self.norms = [], []
        net.optimizer_.register_step_post_hook(self.record)

    def record(self, optimizer, args, kwargs):
        (lr,) = {group["lr"] for group in optimizer.param_groups}
        gradients = [
            p.grad for group in optimizer.param_groups for p in group["params"]
        ]
        gradients = [grad.flatten() for grad in gradients if not grad.is_sparse]
        self.lrs.append(lr)
        self.norms.append(torch.cat(gradients).norm().item())


def assert_kept(model, snapshot):
    """Assert that weights are a snapshot's, those of n-grams in half precision."""
    for name, value in snapshot.items():
        if name == "ngram_weight":
            value = value.astype(np.float16)
        np.testing.assert_array_equal(model.weights()[name], value)


def steps_of(X, y, **params):
    steps = Steps()
    fit(X, y, callbacks=[steps], **params)
    return steps


def interrupt():
    raise KeyboardInterrupt


def fail():
    raise RuntimeError("broken callback")


SCORES = ["accuracy", "f1_macro", "neg_log_loss"]


def score_of(name, model, rows):
    """A score of Rows; their codes are those of `random_codes`."""
    X, y = symbols_of_codes(rows.codes), model.classes_[rows.labels]
    return get_scorer(name)(model, X, y)


def test_scoring_callback_scores_held_out_rows(X, y, monkeypatch):
    monkeypatch.setattr(_training, "HELD_OUT", 0.4)
    recorder = Recorder()
    scorings = [
        EpochScoring(name, lower_is_better=False, name=f"of_{name}") for name in SCORES
    ]
    model = fit(
        X, y, early_stopping=True, lr=0.05,
        n_iter_no_change=2, max_epochs=60, callbacks=[*scorings, recorder],
    )  # fmt: skip
    for name in SCORES:
        scores = [epoch[f"of_{name}"] for epoch in model.history_]
        # Also the epoch that early stopping ends, whose weights are not kept.
        assert len(scores) < 60 and len(set(scores)) > 1
        assert scores[-3] == pytest.approx(
            score_of(name, model, recorder.valid), rel=1e-5
        )
    assert model.history_[-3]["valid_acc"] == score_of(
        "accuracy", model, recorder.valid
    )


@pytest.mark.parametrize("scoring", [EpochScoring, BatchScoring, PassthroughScoring])
def test_scoring_callback_without_held_out_rows_warns(X, y, scoring):
    with pytest.warns(
        UserWarning, match="Scoring of 'accuracy' .* no rows .*on_train"
    ) as found:
        on_train = EpochScoring("accuracy", on_train=True, name="on_train")
        model = fit(X, y, callbacks=[("mine", scoring("accuracy")), on_train])
    assert [Path(warning.filename) for warning in found] == [Path(__file__)]
    assert not {"accuracy", "valid_acc", "valid_loss"} & set(model.history_[-1])
    assert "on_train" in model.history_[-1]


def test_early_stopping_without_rows_to_hold_out_warns():
    with pytest.warns(UserWarning, match="found no rows to hold out") as found:
        fit([[2], [3]], ["a", "b"], early_stopping=True)
    assert [Path(warning.filename) for warning in found] == [Path(__file__)]


def test_callbacks_see_logits_and_labels_alone(X, y):
    # The states of an epoch would fill memory.
    seen = []

    class See(Callback):
        def on_batch_end(self, net, batch, training, y_pred, loss, **kwargs):
            assert loss.ndim == 0 and not y_pred.requires_grad
            assert y_pred.shape == (len(batch[0]), 3) and set(batch[1]) <= {
                "a",
                "b",
                "c",
            }
            seen.append(training)

    fit(X, y, early_stopping=True, callbacks=[See()])
    assert set(seen) == {True, False}


def test_pickle_holds_callbacks_as_they_were_given(X, y):
    content = pickle.dumps(fit(X, y, callbacks=[LRScheduler("StepLR", step_size=3)]))
    assert b"torch.storage" not in content
    assert pickle.loads(content).callbacks[0].kwargs == {"step_size": 3}


def test_fit_with_tiny_weights_has_finite_losses(X, y):
    weights = np.where(np.arange(len(X)) < 4, 1.0, 1e-60)
    model = NameNationalityClassifier(**TINY | {"batch_size": 1, "max_epochs": 1}).fit(
        X, y, weights
    )
    assert np.isfinite([epoch["next_symbol_loss"] for epoch in model.history_]).all()


@pytest.mark.parametrize("at", [3, 4])
def test_freezer_of_ngrams_keeps_them_at_zero(X, y, at):
    callbacks = [Freezer("ngram_weight"), Unfreezer("ngram_weight", at=at)]
    model = fit(X, y, max_epochs=3, callbacks=callbacks)
    assert model.weights()["ngram_weight"].any() == (at == 3)


def test_batch_of_more_rows_than_there_are_is_one_of_all_rows(X, y):
    X, y = X[:30], y[:30]
    one, same = (fit(X, y, batch_size=size).predict_proba(X) for size in (30, 1000))
    np.testing.assert_array_equal(one, same)


def test_many_small_batches_stay_at_the_maximum_learning_rate(X, y, monkeypatch):
    monkeypatch.setattr(_callbacks, "MAX_CYCLE", 50)
    X, y = X[:60], y[:60]
    n_rows = len(steps_of(X, y, batch_size=1, max_epochs=1).lrs)
    lrs = steps_of(X, y, batch_size=1, lr=0.01, max_epochs=2).lrs
    cycle = steps_of(X[:1], y[:1], batch_size=1, lr=0.01, max_epochs=50).lrs
    n_held = 2 * n_rows - 50
    assert n_held > 30
    np.testing.assert_array_equal(lrs, [*cycle[:9], *[0.01] * n_held, *cycle[9:]])
    # Batches that are not small take one cycle, whatever its length.
    X, y = symbols_of_codes(random_codes(200, 6, 4)), random_labels(200)
    lrs = steps_of(X, y, batch_size=MIN_ROWS_TO_SHARE, lr=0.01, max_epochs=60).lrs
    assert (
        len(lrs) > 100
        and np.argmax(lrs) == len(lrs) // 5 - 1
        and lrs.count(max(lrs)) == 1
    )


def test_lr_scheduler_replaces_the_cycle(X, y):
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.5)
    for callback in (schedule, ("named", schedule)):
        model = fit(X, y, lr=0.08, callbacks=[callback])
        assert [epoch["event_lr"] for epoch in model.history_] == [0.08, 0.04, 0.02]


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    "at_epoch_end, error",
    [(print, None), (fail, RuntimeError), (interrupt, KeyboardInterrupt)],
)
def test_fit_leaves_torch_as_it_was(X, y, two_threads, at_epoch_end, error):
    recorder = Recorder(at_epoch_end)
    state, numpy_state = (
        torch.random.get_rng_state(),
        pickle.dumps(np.random.get_state()),
    )
    if error is None:
        fit(X, y, callbacks=[recorder])
    else:
        with pytest.raises(error):
            fit(X, y, callbacks=[recorder])
    assert set(recorder.threads) == {1}
    assert recorder.ended == 1
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.random.get_rng_state(), state)
    assert pickle.dumps(np.random.get_state()) == numpy_state


@contextmanager
def default_dtype(dtype):
    torch.set_default_dtype(dtype)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    "mode", [torch.no_grad, torch.inference_mode, partial(default_dtype, torch.float64)]
)
def test_fit_in_a_mode_of_torch_gives_the_same_bits(X, y, mode):
    expected = fit(X, y, early_stopping=True)
    with mode():
        before = torch.is_inference_mode_enabled(), torch.get_default_dtype()
        model = fit(X, y, early_stopping=True)
        assert (torch.is_inference_mode_enabled(), torch.get_default_dtype()) == before
    assert model.history_[-1]["valid_loss"] == expected.history_[-1]["valid_loss"]
    for name, value in expected.weights().items():
        np.testing.assert_array_equal(model.weights()[name], value, strict=True)


@pytest.mark.parametrize("cell, num_layers", [("gru", 1), ("rnn", 2)])
def test_the_same_seed_gives_the_same_bits(X, y, cell, num_layers):
    def weights(seed):
        torch.manual_seed(torch.seed() % 1000)
        return fit(X, y, cell=cell, num_layers=num_layers, random_state=seed).weights()

    with torch.random.fork_rng():
        first, again, state = weights(3), weights(3), weights(np.random.RandomState(3))
        other = weights(4)
    for name, value in first.items():
        np.testing.assert_array_equal([again[name], state[name]], [value, value])
    assert not np.array_equal(first["output.weight"], other["output.weight"])


def test_fits_in_threads_do_not_disturb_each_other(X, y, two_threads):
    # torch's generator and its number of threads are the process's.

    def weights(seed):
        return fit(X, y, random_state=seed, max_epochs=10).weights()["output.weight"]

    state = torch.random.get_rng_state()
    expected = [weights(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for found, alone in zip(pool.map(weights, range(4)), expected, strict=True):
            np.testing.assert_array_equal(found, alone)
    assert torch.equal(torch.random.get_rng_state(), state)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(torch.get_num_threads).result() == 2


@pytest.mark.parametrize(
    "params, error, message",
    [
        (DIVERGING, ValueError, r"diverged: the loss .* in epoch \d\. Lower lr"),
        (
            {"lr": 1e38, "regularization": 5000, "max_epochs": 1, "batch_size": 1000},
            ValueError,
            "div",
        ),
        ({"callbacks": [Recorder(interrupt)]}, KeyboardInterrupt, None),
    ],
    ids=["divergence", "divergence in the last step", "interrupt"],
)
def test_failed_fit_keeps_the_model_before(X, y, params, error, message):
    failing, model = NameNationalityClassifier(**TINY | params), fit(X, y)
    with pytest.raises(error, match=message):
        failing.fit(X, y)
    assert not hasattr(failing, "network_") and not hasattr(failing, "classes_")
    expected = model.predict_proba(X)
    with pytest.raises(error, match=message):
        model.set_params(**failing.get_params()).fit(X[::-1], y)
    np.testing.assert_array_equal(model.predict_proba(X), expected)
    assert list(model.classes_) == ["a", "b", "c"] and len(model.history_) == 3


def test_early_stopping_keeps_the_best_weights(X, y):
    recorder = Recorder()
    params = {"early_stopping": True, "n_iter_no_change": 3}
    model = fit(X, y, **params, lr=0.05, max_epochs=60, callbacks=[recorder])
    losses = [epoch["valid_loss"] for epoch in model.history_]
    best = int(np.argmin(losses))
    assert len(losses) < 60
    assert best == len(losses) - 4
    assert_kept(model, recorder.snapshots[best])
    for name, value in recorder.snapshots[best].items():
        assert not np.array_equal(value, recorder.snapshots[-1][name])
    train, valid = recorder.train, recorder.valid
    assert 0.05 < len(valid) / (len(train) + len(valid)) < 0.15
    # The held-out loss is that of prediction: no adjustment, no dropout, no next
    # symbol.
    proba = model.predict_proba(symbols_of_codes(valid.codes))
    logits = np.log(proba)[np.arange(len(valid)), valid.labels]
    assert losses[best] == pytest.approx(
        -(logits * valid.weights).sum() / len(valid), rel=1e-4
    )


def test_early_stopping_counts_any_improvement(X, y):
    params = {"early_stopping": True, "n_iter_no_change": 3, "max_epochs": 10}
    losses = [epoch["valid_loss"] for epoch in fit(X, y, lr=3e-6, **params).history_]
    assert (np.diff(losses) < 0).all() and losses[0] - losses[3] < 1e-4
    assert len(losses) == 10


@pytest.mark.parametrize("next_symbol_weight", [0, 0.5])
def test_losses_of_training_and_validation_are_alike(X, y, next_symbol_weight):
    weights, recorder = np.random.RandomState(0).lognormal(size=len(y)), Recorder()
    scoring = EpochScoring("neg_log_loss", on_train=True, name="score")
    model = fit(
        X, y, weights, **WITHOUT, early_stopping=True, lr=1e-9, logit_adjustment=1.0,
        next_symbol_weight=next_symbol_weight, callbacks=[recorder, scoring],
    )  # fmt: skip
    score = score_of("neg_log_loss", model, recorder.train)
    for epoch in model.history_:
        assert epoch["score"] == pytest.approx(score, rel=1e-5)
        for key, rows in [
            ("train_loss", recorder.train),
            ("valid_loss", recorder.valid),
        ]:
            proba = model.predict_proba(symbols_of_codes(rows.codes))
            chances = proba[np.arange(len(rows)), rows.labels]
            expected = -np.average(np.log(chances), weights=rows.weights)
            assert epoch[key] == pytest.approx(expected, rel=1e-4)
        if next_symbol_weight:
            assert epoch["next_symbol_loss"] == pytest.approx(np.log(6), rel=0.2)
        else:
            assert "next_symbol_loss" not in epoch


@pytest.mark.parametrize("early_stopping, min_df", [(False, 1), (True, 1), (True, 2)])
def test_ngrams_and_idf_are_those_of_the_rows_to_train_on(
    monkeypatch, early_stopping, min_df
):
    monkeypatch.setattr(_training, "HELD_OUT", 0.4)
    # Each of 40 symbols is in two of 80 names: some are in held-out names only.
    X = np.random.RandomState(0).permutation(np.arange(80) % 40 + 2).reshape(40, 2)
    recorder = Recorder()
    model = fit(
        X, np.arange(40) % 2, ngram_range=(1, 1), min_df=min_df,
        early_stopping=early_stopping, callbacks=[recorder],
    )  # fmt: skip
    codes = np.unique(recorder.train.codes, axis=0)
    assert len(codes) == (24 if early_stopping else 40)
    df = np.array([(codes == symbol).any(axis=1).sum() for symbol in range(1, 41)])
    assert (df == 0).any() == early_stopping
    df = [
        len(codes),
        *df[df >= min_df],
        len(codes),
    ]  # The marks of start and end are in every row.
    expected = np.log((1 + len(codes)) / (1 + np.array(df))) + 1
    np.testing.assert_allclose(model.weights()["ngram_idf"], expected, rtol=1e-6)
    assert model.network_.ngram_keys[0].dtype == np.int32


def test_rare_ngrams_leave_no_arrays(X, y):
    network = fit(X, y, min_df=1_000).network_
    assert (network.ngrams, network.ngram_keys, "ngram_idf" in network.weights) == (
        None,
        (),
        False,
    )


@pytest.mark.parametrize("class_weight", [None, {0: 3.0, 1: 1.0}])
def test_heavy_rows_are_drawn_several_times(class_weight):
    X, y = np.arange(2, 42)[:, None], np.arange(40) % 2
    weights = np.random.RandomState(0).lognormal(sigma=2, size=40)
    recorder = Recorder()
    params = {"class_weight": class_weight, "early_stopping": True, "max_epochs": 1}
    fit(X, y, weights, **params, callbacks=[recorder])
    train = recorder.train
    row, codes = train.codes[:, 0] - 1, np.unique(train.codes)
    # All rows come once before any comes twice: copies are no neighbours in an epoch.
    assert len(codes) == len(np.unique(train.codes[: len(codes)])) == 36
    weights = weights * (1 if class_weight is None else np.where(y == 0, 3, 1))
    relative = weights / weights[codes - 1].mean()
    np.testing.assert_array_equal(train.labels, y[row])
    times = np.bincount(row, minlength=40)
    expected = np.maximum(1, np.rint(relative[codes - 1]))
    np.testing.assert_array_equal(times[codes - 1], expected)
    assert times.max() > 5
    # They share the weight of the row, and all have a mean of 1.
    expected = relative[row] / times[row]
    np.testing.assert_allclose(train.weights, expected / expected.mean(), rtol=1e-6)


@pytest.mark.parametrize("at_epoch_end", [int, fail])
def test_verbose_1_shows_a_bar_and_closes_it(X, y, capsys, at_epoch_end):
    expected = pytest.raises(RuntimeError) if at_epoch_end is fail else nullcontext()
    with expected:
        fit(X, y, verbose=1, early_stopping=True, callbacks=[Recorder(at_epoch_end)])
    out, err = capsys.readouterr()
    assert out == ""
    assert ("1/3" if at_epoch_end is fail else "3/3") in err and err.endswith("\n")
    assert re.search(r"train_loss=\d.*valid_loss=\d.*valid_acc=\d", err)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_verbose_2_logs_each_epoch(X, y, capsys, monkeypatch, is_terminal):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    model = fit(X, y, verbose=2, early_stopping=True)
    out, err = capsys.readouterr()
    assert err == ""
    # Colours are for terminals.
    assert ("\033[" in out) is is_terminal
    header, _, *rows = re.sub(r"\033\[\d+m", "", out).splitlines()
    keys = ["epoch", "next_symbol_loss", "train_loss", "valid_acc", "valid_loss", "dur"]
    assert header.split() == keys
    for row, epoch in zip(rows, model.history_, strict=True):
        assert list(map(float, row.split())) == pytest.approx(
            [epoch[k] for k in keys], abs=1e-4
        )


def test_verbose_0_is_silent(X, y, capsys):
    params = {
        "early_stopping": True,
        "n_iter_no_change": 1,
        "lr": 0.1,
        "max_epochs": 30,
    }
    fit(X, y, **params)
    assert capsys.readouterr() == ("", "")


def test_device_is_cpu_without_cuda(monkeypatch, X, y):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert fit(X, y, device="auto").net_.device == "cpu"
    with pytest.raises(ValueError, match="Expected a CUDA device .*'cpu'"):
        fit(X, y, device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("device", ["cuda", "auto"])
def test_fit_on_cuda_gives_weights_in_numpy(X, y, device):
    state = torch.cuda.get_rng_state()
    model, again = (fit(X, y, device=device, early_stopping=True) for _ in range(2))
    assert model.net_.module_.output.bias.is_cuda
    assert {type(value) for value in model.weights().values()} == {np.ndarray}
    np.testing.assert_allclose(
        model.predict_proba(X), again.predict_proba(X), atol=1e-3
    )
    assert torch.equal(torch.cuda.get_rng_state(), state)


@pytest.mark.parametrize("n_steps", range(1, 9))
def test_cycle_of_few_steps_is_high_and_falls(X, y, n_steps):
    lrs = steps_of(X, y, lr=0.02, max_epochs=n_steps, batch_size=1000).lrs
    assert len(lrs) == n_steps and 0.01 < max(lrs) < 0.0201
    assert n_steps == 1 or lrs[-1] < 1e-6


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("ngram_range", [None, (1, 2)])
def test_ngrams_of_many_rows_learn_faster_with_a_larger_epsilon(
    X, y, early_stopping, ngram_range, monkeypatch
):
    monkeypatch.setattr(_settings, "MANY_ROWS", 10)
    steps = []

    class Groups(Callback):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            names = {id(parameter): name for name, parameter in named_parameters}
            groups = [group for group in net.optimizer_.param_groups if group["sparse"]]
            groups += net.optimizer_.adamw.param_groups
            steps.append(
                {names[id(p)]: (g["lr"], g["eps"]) for g in groups for p in g["params"]}
            )

    fit(
        X,
        y,
        ngram_range=ngram_range,
        early_stopping=early_stopping,
        callbacks=[Groups()],
    )
    for step in steps:
        of_ngrams = step.pop("ngram_weight", None)
        ((lr, eps),) = set(step.values())
        assert eps == 1e-8
        assert of_ngrams == (
            None if ngram_range is None else (pytest.approx(2 * lr), 2e-5)
        )
    assert len({step["embedding"] for step in steps}) == (
        1 if early_stopping else len(steps)
    )


def test_gradients_are_clipped_to_a_norm(X, y, monkeypatch):
    assert _callbacks.MAX_GRADIENT_NORM == 1
    norms = {}
    for limit in (1e9, 0.01):
        monkeypatch.setattr(_callbacks, "MAX_GRADIENT_NORM", limit)
        norms[limit] = steps_of(X, y, lr=1e-3).norms
    assert min(norms[1e9]) > 0.05
    assert norms[0.01] == pytest.approx([0.01] * len(norms[1e9]), rel=1e-3)
    monkeypatch.setattr(_callbacks, "MAX_GRADIENT_NORM", 2 * max(norms[1e9]))
    assert steps_of(X, y, lr=1e-3).norms == norms[1e9]


def dropout_rates(net):
    """The share of elements that each dropout drops."""
    names = ("dropout", "embedding_dropout", "ngram_dropout")
    return [getattr(net.module_, name).n_dropped / 256 for name in names]


def test_each_dropout_is_that_of_its_name(X, y):
    params = {"dropout": 0.7, "symbol_dropout": 0.1, "ngram_dropout": 0.9}
    assert dropout_rates(fit(X, y, **params).net_) == pytest.approx(
        [0.7, 0.2, 0.9], abs=0.01
    )


def test_without_regularization_nothing_holds_the_net_back(X, y):
    net = fit(X, y, regularization=0, dropout=0).net_
    assert not net.next_symbol_weight and not net.iterator_train__symbol_dropout
    assert dropout_rates(net) == [0, 0, 0]
    assert {group["weight_decay"] for group in net.optimizer_.param_groups} == {0}


def test_ngram_weights_are_rounded_to_half_precision(X, y):
    model = fit(X, y)
    for weight in (
        model.weights()["ngram_weight"],
        model.net_.module_.ngram_weight.detach(),
    ):
        weight = np.asarray(weight)
        assert weight.any() and weight.dtype == np.float32
        np.testing.assert_array_equal(weight.astype(np.float16), weight)
    assert model.network_.to_arrays()["ngram_weight"].dtype == np.float16


def test_skorch_that_is_too_old_says_so(tmp_path):
    """Its own import may fail, as with Python 3.13."""
    package, metadata = tmp_path / "skorch", tmp_path / "skorch-1.1.0.dist-info"
    for folder in (package, metadata):
        folder.mkdir()
    (package / "__init__.py").write_text("None.span()")
    (metadata / "METADATA").write_text("Name: skorch\nVersion: 1.1.0\n")
    root = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    code = "import sknames; "
    code += "sknames.NameNationalityClassifier().fit([[2], [3]], ['a', 'b'])"
    run = run_process(sys.executable, "-c", code, code=1, env=environment)
    assert "Expected skorch 1.2 or later, got 1.1.0. Upgrade it" in run.stderr
    pyproject = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert '"skorch>=1.2"' in pyproject
