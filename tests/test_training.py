"""Tests of training: batches, losses, callbacks, early stopping and errors."""

import os
import pickle
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from scipy.special import log_softmax, softmax
from sklearn.metrics import get_scorer
from skorch.callbacks import (
    Callback,
    EpochScoring,
    Freezer,
    LRScheduler,
    Unfreezer,
)

from sknames import CharEncoder, NameNationalityClassifier
from sknames._training import batches as _batches
from sknames._training import callbacks as _callbacks
from sknames._training import loss as _loss
from sknames._training import recurrent_net as _recurrent_net
from sknames._training import rows as _rows
from sknames._training import settings as _settings
from sknames._training import train as _training
from sknames.datasets import make_names
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
HIDDEN = {*_settings.REGULARIZATION, "gce_q", "ngram_lr", "ngram_eps"}
WITHOUT = {"dropout": 0, "symbol_dropout": 0, "ngram_dropout": 0}
MIN_ROWS_TO_SHARE = _batches.MIN_ROWS_TO_SHARE
RUN = _batches.RUN
MANY_CODES = _recurrent_net.MANY_CODES
MAX_CYCLE = _callbacks.MAX_CYCLE
DIVERGING = {"lr": 1e37, "max_epochs": 40}
DIVERGING_IN_THE_LAST_STEP = {
    "lr": 1e38,
    "regularization": 5000,
    "max_epochs": 1,
    "batch_size": 1000,
}


N_FEATURES = 50


def random_labels(n=100):
    return np.random.RandomState(1).choice(["a", "b", "c"], size=n)


@pytest.fixture
def X():
    return symbols_of_codes(random_codes(100, 6, 4))


@pytest.fixture
def y():
    return random_labels()


def symbols_of_codes(codes):
    """Return symbols from 2, because 1 is the space."""
    return codes + (codes > 0)


def fit(X, y, weights=None, **params):
    """Fit a classifier; hidden settings work as in the shipped model's recipe."""
    params = TINY | params
    hidden = {name: params.pop(name) for name in params.keys() & HIDDEN}
    classifier = NameNationalityClassifier(**params)
    if not hidden:
        return classifier.fit(X, y, weights)
    if weights is None:
        weights = np.ones(len(y))
    settings = _settings.Settings.of(classifier, **hidden)
    classifier.n_features_in_ = X.shape[1]
    classifier._set_fitted(*_training.fit(X, y, weights, settings))
    return classifier


def make_rows(n=100):
    """Return rows with up to three n-grams each; the label of a row is its index."""
    rng = np.random.RandomState(1)
    starts = np.concatenate([[0], np.cumsum(np.arange(n) % 4)])
    features = rng.randint(N_FEATURES, size=starts[-1]).astype(np.int32)
    values = rng.uniform(size=starts[-1]).astype(np.float32)
    weights = rng.uniform(0.5, 2, size=n).astype(np.float32)
    ngrams = csr_array((values, features, starts), (n, N_FEATURES))
    return _rows.Rows(random_codes(n, 6, 4), np.arange(n), weights, ngrams)


def number_of(codes):
    """Return a prefix as a number in base 6, whose digits are the codes."""
    return int("0" + "".join(map(str, codes[codes > 0])), 6)


def numbers_of_nodes(plan):
    """Return the prefix of each node as a number in base 6."""
    numbers = np.zeros(len(plan.symbols), dtype=int)
    for first, last in plan.depths():
        parents = plan.parents[first:last]
        numbers[first:last] = 6 * numbers[parents] + plan.symbols[first:last].numpy()
    return numbers


@pytest.mark.parametrize(
    "batch_size, share_of_neighbours",
    [
        (1, 0),
        (4, 0),
        (MIN_ROWS_TO_SHARE - 1, 0),
        (MIN_ROWS_TO_SHARE, 1 - 1 / RUN),
    ],
)
def test_small_batches_draw_single_rows_and_large_batches_draw_runs(
    batch_size, share_of_neighbours
):
    batches = _batches.Batches(make_rows(2_000), batch_size, np.random.RandomState(0))
    order = np.concatenate([labels for _, labels in batches])
    is_neighbour = np.diff(order) == 1
    assert is_neighbour.mean() == pytest.approx(share_of_neighbours, abs=0.01)


def test_runs_of_rows_start_at_random_offset():
    # Otherwise the same rows would always be in a batch together.
    rng = np.random.RandomState(0)
    first_rows = {_batches.runs_in_random_order(2_000, RUN, rng)[0] for _ in range(9)}
    assert len({row % RUN for row in first_rows}) > 1


@pytest.mark.parametrize(
    "batch_size, sizes", [(30, [30, 30, 30, 10]), (50, [50, 50]), (100, [100])]
)
def test_each_epoch_draws_every_row_once_in_new_order(batch_size, sizes):
    rows = make_rows()
    ngrams = rows.ngrams.toarray()
    batches = _batches.Batches(rows, batch_size, np.random.RandomState(0))
    assert len(batches) == len(sizes)
    orders = []
    for _ in range(2):
        order = []
        for (batch, labels), size in zip(batches, sizes, strict=True):
            assert len(batch) == len(labels) == size
            found = numbers_of_nodes(batch.plan)[batch.plan.ends]
            assert found.tolist() == [number_of(row) for row in rows.codes[labels]]
            assert_array_equal(batch.weights, rows.weights[labels])
            bags = batch.ngrams
            starts = [*bags.starts, len(bags.values)]
            features = bags.features[bags.columns]
            found = csr_array((bags.values, features, starts), (size, N_FEATURES))
            assert_array_equal(found.toarray(), ngrams[labels])
            order += labels.tolist()
        assert sorted(order) == list(range(100)) != order
        orders.append(order)
    assert orders[0] != orders[1]


def test_batches_without_random_state_keep_row_order():
    batches = _batches.Batches(make_rows(), 30, unknown=9, symbol_dropout=0.9)
    order = []
    for batch, labels in batches:
        assert 9 not in batch.plan.symbols
        order += labels.tolist()
    assert order == list(range(100))


def test_only_large_batches_share_prefixes_between_rows():
    rows = make_rows()
    rows.codes[:] = 1
    few = _batches.Batch.of(rows.select(np.arange(MIN_ROWS_TO_SHARE - 1)))
    assert len(few.plan.symbols) == 1 + 6 * len(few)
    many = _batches.Batch.of(rows.select(np.arange(MIN_ROWS_TO_SHARE)))
    assert len(many.plan.symbols) == 1 + 6


@pytest.mark.parametrize("share", [True, False])
def test_next_symbol_loss_of_batch_equals_weighted_mean_over_rows(share):
    rows = make_rows()
    rows.codes[rows.codes == 4] = 5
    logits = np.random.RandomState(2).normal(size=(6**6, 6))  # by number of a prefix
    logits[:, 4] = -100
    log_probabilities = log_softmax(logits, axis=1)
    losses = []
    weights = []
    for row, weight in zip(rows.codes, rows.weights, strict=True):
        symbols = [*row[row > 0], 0]
        for n, symbol in enumerate(symbols):
            losses.append(-log_probabilities[number_of(row[:n]), symbol])
            weights.append(weight)
    expected = pytest.approx(np.average(losses, weights=weights), rel=1e-5)

    batch = _batches.Batch.of(rows, share)
    logits = torch.from_numpy(logits[numbers_of_nodes(batch.plan)]).float()
    assert _loss.Loss.next_symbol(logits, batch).item() == expected
    # The same for logits of only the codes that occur.
    codes = [0, 1, 2, 3, 5]
    columns = torch.from_numpy(np.searchsorted(codes, batch.plan.symbols.numpy()))
    found = _loss.Loss.next_symbol(logits[:, codes], batch, columns)
    assert found.item() == expected


def cross_entropy(p):
    return -np.log(p)


@pytest.mark.parametrize(
    "training, q, loss_of",
    [
        (False, 0.2, cross_entropy),
        (True, 0, cross_entropy),
        (True, 0.2, lambda p: (1 - p**0.2) / 0.2),
        (True, 1.0, lambda p: 1 - p),
    ],
)
def test_logit_adjustment_and_generalized_loss_apply_in_training_only(
    training, q, loss_of
):
    rng = np.random.RandomState(0)
    prior = np.array([-2.0, -0.5, -1.0])
    rows = replace(make_rows(7), labels=rng.randint(3, size=7))
    logits = 3 * rng.normal(size=(7, 3))
    p = softmax(logits + prior * training, axis=1)[np.arange(7), rows.labels]

    loss = _loss.Loss(prior, q)
    found = loss(torch.from_numpy(logits).float(), _batches.Batch.of(rows), training)

    assert found.item() == pytest.approx(
        (loss_of(p) * rows.weights).sum() / 7, rel=1e-5
    )
    assert found.dtype == torch.float32


class Steps(Callback):
    """Record the batch, the gradients and the learning rates of each step."""

    def on_train_begin(self, net, **kwargs):
        self.batches = []
        self.gradients = []
        self.rates = []

    def on_grad_computed(self, net, named_parameters, batch, **kwargs):
        names = {id(parameter): name for name, parameter in named_parameters}
        gradients = {}
        rates = {}
        for group in net.optimizer_.param_groups:
            for parameter in group["params"]:
                name = names[id(parameter)]
                gradients[name] = parameter.grad.clone()
                rates[name] = (group["lr"], group["eps"])
        self.batches.append(batch[0])
        self.gradients.append(gradients)
        self.rates.append(rates)


def steps_of(X, y, **params):
    steps = Steps()
    fit(X, y, callbacks=[steps], **params)
    return steps


def test_gradients_scale_with_next_symbol_weight(X, y):
    # The norm of the gradients is below 1, so that they are not clipped.
    gradients = []
    params = {"batch_size": 100, "ngram_range": None, "max_epochs": 1} | WITHOUT
    for weight in (0.25, 0.5, 2):
        (step,) = steps_of(X, y, next_symbol_weight=weight, **params).gradients
        gradients.append(step["next_symbol.bias"])
    assert gradients[0].abs().max() > 1e-3
    assert_allclose(gradients[1], 2 * gradients[0], rtol=1e-4)
    assert_allclose(gradients[2], 8 * gradients[0], rtol=1e-4)


# The number of codes includes padding and the unknown code.
@pytest.mark.parametrize("n_codes", [MANY_CODES, MANY_CODES + 1])
def test_next_symbol_gradients_with_many_codes_are_limited_to_codes_of_batch(n_codes):
    X = np.arange(2, n_codes)[:, None]
    steps = steps_of(X, np.arange(len(X)) % 3, max_epochs=1, **WITHOUT)
    for batch, gradients in zip(steps.batches, steps.gradients, strict=True):
        symbols = np.unique(batch.plan.symbols).tolist()
        assert len(symbols) <= 41
        expected = symbols if n_codes > MANY_CODES else [*range(n_codes)]
        assert np.flatnonzero(gradients["next_symbol.bias"]).tolist() == expected


@pytest.mark.parametrize("p", [0.05, 0.3])
def test_symbol_dropout_replaces_symbols_with_unknown_symbol(p):
    X = random_codes(400, 5, 4)
    steps = steps_of(X + 2 * (X > 0), X[:, 0], symbol_dropout=p, max_epochs=20)
    counts = np.zeros(6)
    for batch in steps.batches:
        np.add.at(counts, batch.plan.symbols[1:], batch.node_weights[1:].numpy())
    # The code of the unknown symbol, 5, follows those of the four known symbols.
    assert counts[1:].all()
    assert counts[0] == 0
    assert counts[5] / counts.sum() == pytest.approx(p, abs=0.01)


def test_logit_adjustment_uses_weighted_class_shares_of_training_rows():
    rng = np.random.RandomState(0)
    recorder = Recorder()
    X = np.arange(2, 102)[:, None]
    y = rng.randint(3, size=100)
    weights = rng.lognormal(size=100)
    params = {"early_stopping": True, "logit_adjustment": 0.7, "gce_q": 0.3}
    model = fit(X, y, weights, **params, callbacks=[recorder])
    train = recorder.train
    shares = np.bincount(train.labels, weights=train.weights) / train.weights.sum()
    loss = model.net_.criterion_
    assert_allclose(loss.prior, 0.7 * np.log(shares), rtol=1e-4)
    assert loss.gce_q == 0.3


def go_on():
    pass


class Recorder(Callback):
    """Record a fit, and call a function at the end of each epoch."""

    def __init__(self, at_epoch_end=go_on):
        self.at_epoch_end = at_epoch_end
        self.snapshots = []
        self.threads = []
        self.ended = 0

    def on_epoch_begin(self, net, dataset_train, dataset_valid, **kwargs):
        self.train = dataset_train
        self.valid = dataset_valid

    def on_epoch_end(self, net, **kwargs):
        self.snapshots.append(_training.weights_of(net))
        self.threads.append(torch.get_num_threads())
        self.at_epoch_end()

    def on_train_end(self, net, **kwargs):
        self.ended += 1


def interrupt():
    raise KeyboardInterrupt


def fail():
    raise RuntimeError("broken callback")


def score_of(name, model, rows):
    """Return a score of a model on Rows whose codes are from `random_codes`."""
    X = symbols_of_codes(rows.codes)
    y = model.classes_[rows.labels]
    return get_scorer(name)(model, X, y)


def loss_of(model, rows):
    """Return the mean cross-entropy of a model's probabilities on Rows."""
    proba = model.predict_proba(symbols_of_codes(rows.codes))
    p = proba[np.arange(len(rows)), rows.labels]
    return -np.average(np.log(p), weights=rows.weights)


def test_epoch_scoring_equals_score_of_model_on_held_out_rows():
    X = symbols_of_codes(random_codes(400, 6, 4))
    recorder = Recorder()
    names = ["accuracy", "f1_macro", "neg_log_loss"]
    scorings = [EpochScoring(name, lower_is_better=False) for name in names]
    params = {"early_stopping": True, "n_iter_no_change": 2, "max_epochs": 60}
    callbacks = [*scorings, recorder]
    model = fit(X, random_labels(400), lr=0.05, callbacks=callbacks, **params)
    # The history includes the last epochs, whose weights were not kept.
    assert 3 < len(model.history_) < 60
    best = model.history_[-3]
    for name in names:
        score = score_of(name, model, recorder.valid)
        assert best[name] == pytest.approx(score, rel=1e-5)
        assert len({epoch[name] for epoch in model.history_}) > 1
    assert best["valid_acc"] == best["accuracy"]


def test_early_stopping_without_rows_to_hold_out_warns():
    with pytest.warns(UserWarning, match="found no rows to hold out") as found:
        fit([[2], [3]], ["a", "b"], early_stopping=True)
    assert [Path(warning.filename) for warning in found] == [Path(__file__)]


def test_batch_callbacks_receive_only_logits_and_labels(X, y):
    # Keeping the states of an epoch would fill memory.
    seen = []

    class See(Callback):
        def on_batch_end(self, net, batch, training, y_pred, loss, **kwargs):
            assert loss.ndim == 0
            assert not y_pred.requires_grad
            assert y_pred.shape == (len(batch[0]), 3)
            assert set(batch[1]) <= {"a", "b", "c"}
            seen.append(training)

    fit(X, y, early_stopping=True, callbacks=[See()])
    assert set(seen) == {True, False}


def test_pickled_classifier_keeps_callbacks_without_torch_tensors(X, y):
    content = pickle.dumps(fit(X, y, callbacks=[LRScheduler("StepLR", step_size=3)]))
    assert b"torch.storage" not in content
    assert pickle.loads(content).callbacks[0].kwargs == {"step_size": 3}


def test_fit_with_tiny_sample_weights_has_finite_losses(X, y):
    weights = np.where(np.arange(len(X)) < 4, 1.0, 1e-60)
    model = fit(X, y, weights, batch_size=1, max_epochs=1)
    assert np.isfinite(model.history_[0]["next_symbol_loss"])


@pytest.mark.parametrize("at", [3, 4])
def test_frozen_ngram_weights_stay_zero_until_unfrozen(X, y, at):
    callbacks = [Freezer("ngram_weight"), Unfreezer("ngram_weight", at=at)]
    model = fit(X, y, max_epochs=3, callbacks=callbacks)
    assert model.weights()["ngram_weight"].any() == (at == 3)


def test_batch_size_above_number_of_rows_is_reduced(X, y):
    X = X[:30]
    y = y[:30]
    of_30 = fit(X, y, batch_size=30)
    of_1000 = fit(X, y, batch_size=1000)
    assert_array_equal(of_30.predict_proba(X), of_1000.predict_proba(X))


def learning_rates(n_steps, batch_size):
    """Return the rate of each step of one epoch, with a maximum of 0.01."""
    classifier = NameNationalityClassifier(lr=0.01, batch_size=batch_size, max_epochs=1)
    settings = _settings.Settings.of(classifier)
    (*_, (name, schedule)) = _callbacks.make_callbacks(settings, n_steps, False, False)
    assert name == "schedule"
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))])
    policy = _callbacks.OneCycle(optimizer, **schedule.kwargs)
    lrs = []
    for _ in range(n_steps):
        lrs.append(policy.get_last_lr()[0])
        optimizer.step()
        policy.step()
    return lrs


def test_schedule_of_many_small_batches_holds_maximum_learning_rate():
    cycle = learning_rates(MAX_CYCLE, MIN_ROWS_TO_SHARE - 1)
    longer = learning_rates(MAX_CYCLE + 30, MIN_ROWS_TO_SHARE - 1)
    n_rising = MAX_CYCLE // 5
    assert cycle.index(max(cycle)) == n_rising - 1
    assert longer == [*cycle[:n_rising], *[0.01] * 30, *cycle[n_rising:]]
    # Batches that are not small have a single cycle.
    whole = learning_rates(MAX_CYCLE + 50, MIN_ROWS_TO_SHARE)
    assert whole.index(max(whole)) == len(whole) // 5 - 1
    assert whole.count(max(whole)) == 1


def test_lr_scheduler_replaces_default_learning_rate_schedule(X, y):
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.5)
    for callback in (schedule, ("named", schedule)):
        model = fit(X, y, lr=0.08, callbacks=[Recorder(), callback])
        assert [epoch["event_lr"] for epoch in model.history_] == [0.08, 0.04, 0.02]


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    "at_epoch_end, end",
    [
        (go_on, nullcontext()),
        (fail, pytest.raises(RuntimeError)),
        (interrupt, pytest.raises(KeyboardInterrupt)),
    ],
)
def test_fit_restores_thread_count_and_random_states(
    X, y, two_threads, at_epoch_end, end
):
    recorder = Recorder(at_epoch_end)
    state = torch.random.get_rng_state()
    numpy_state = pickle.dumps(np.random.get_state())
    with end:
        fit(X, y, callbacks=[recorder])
    assert set(recorder.threads) == {1}
    assert recorder.ended == 1
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.random.get_rng_state(), state)
    assert pickle.dumps(np.random.get_state()) == numpy_state


def test_net_predicts_on_one_thread_and_restores_thread_count(X, y, two_threads):
    net = fit(X, y).net_
    threads = []
    net.module_.register_forward_hook(
        lambda *_: threads.append(torch.get_num_threads())
    )
    net.predict_proba(X)
    assert set(threads) == {1}
    assert torch.get_num_threads() == 2


@contextmanager
def default_dtype(dtype):
    torch.set_default_dtype(dtype)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    "mode", [torch.no_grad, torch.inference_mode, partial(default_dtype, torch.float64)]
)
def test_fit_in_any_torch_mode_gives_same_weights(X, y, mode):
    expected = fit(X, y, early_stopping=True)
    with mode():
        dtype = torch.get_default_dtype()
        model = fit(X, y, early_stopping=True)
        assert torch.get_default_dtype() == dtype
    assert model.history_[-1]["valid_loss"] == expected.history_[-1]["valid_loss"]
    for name, value in expected.weights().items():
        assert_array_equal(model.weights()[name], value, strict=True)


def test_fits_with_same_random_state_have_identical_weights(X, y):
    def weights(seed):
        torch.manual_seed(torch.seed() % 1000)
        return fit(X, y, random_state=seed).weights()

    with torch.random.fork_rng():
        first = weights(3)
        again = weights(3)
        state = weights(np.random.RandomState(3))
        other = weights(4)
    for name, value in first.items():
        assert_array_equal(again[name], value)
        assert_array_equal(state[name], value)
    # Initial weights differ as well, because training steps are small.
    assert not np.allclose(first["embedding"], other["embedding"], atol=0.5)


def digest_of_a_fit():
    """Return a digest of what a fit learns from names."""
    nationalities = ["French", "Korean", "Turkish"]
    names, labels = make_names(300, nationalities=nationalities, random_state=0)
    codes = CharEncoder().fit_transform(names)
    params = {"hidden_size": 8, "max_epochs": 2, "early_stopping": True}
    classifier = NameNationalityClassifier(**params, random_state=0)
    classifier.fit(codes, labels)
    arrays = [*classifier.weights().values(), classifier.predict_proba(codes)]
    return sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def test_fit_in_another_process_gives_identical_weights():
    # The order of sets of strings differs there.
    code = "from tests.test_training import digest_of_a_fit; print(digest_of_a_fit())"
    root = Path(__file__).parents[1]
    env = os.environ | {"PYTHONHASHSEED": "1"}
    run = run_process(sys.executable, "-c", code, cwd=root, env=env)
    assert run.stdout == f"{digest_of_a_fit()}\n"


def test_concurrent_fits_in_threads_equal_sequential_fits(X, y, two_threads):
    # torch's random generator and number of threads belong to the process.

    def weights(seed):
        return fit(X, y, random_state=seed).weights()["output.weight"]

    state = torch.random.get_rng_state()
    expected = [weights(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(weights, range(4))]
    assert_array_equal(found, expected)
    assert torch.equal(torch.random.get_rng_state(), state)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(torch.get_num_threads).result() == 2


@pytest.mark.parametrize(
    "params, error, message",
    [
        (DIVERGING, ValueError, r"diverged: the loss .* in epoch \d\. Lower lr"),
        (DIVERGING_IN_THE_LAST_STEP, ValueError, "diverged: a weight .* in epoch 1"),
        ({"callbacks": [Recorder(interrupt)]}, KeyboardInterrupt, None),
    ],
    ids=["divergence", "divergence in the last step", "interrupt"],
)
def test_failed_fit_keeps_previous_model(X, y, params, error, message):
    model = fit(X, y)
    expected = model.predict_proba(X)
    model.set_params(**params)
    with pytest.raises(error, match=message):
        model.fit(X[::-1], np.char.upper(y))
    assert_array_equal(model.predict_proba(X), expected)
    assert list(model.classes_) == ["a", "b", "c"]
    assert len(model.history_) == 3
    assert len(model.net_.history) == 3


def test_early_stopping_restores_weights_of_best_epoch(X, y):
    recorder = Recorder()
    params = {"early_stopping": True, "n_iter_no_change": 3}
    model = fit(X, y, **params, lr=0.05, max_epochs=60, callbacks=[recorder])
    losses = [epoch["valid_loss"] for epoch in model.history_]
    best = int(np.argmin(losses))
    assert len(losses) < 60
    assert best == len(losses) - 4
    kept = recorder.snapshots[best]
    kept["ngram_weight"] = kept["ngram_weight"].astype(np.float16)
    for name, value in kept.items():
        assert_array_equal(model.weights()[name], value)
        assert not np.array_equal(value, recorder.snapshots[-1][name])
    train = recorder.train
    valid = recorder.valid
    assert 0.05 < len(valid) / (len(train) + len(valid)) < 0.15
    # The held-out loss is that of prediction: no adjustment, no dropout, no next
    # symbol.
    assert losses[best] == pytest.approx(loss_of(model, valid), rel=1e-4)


def test_early_stopping_counts_tiny_improvements(X, y):
    params = {"early_stopping": True, "n_iter_no_change": 3, "max_epochs": 10}
    model = fit(X, y, lr=3e-6, **params)
    losses = [epoch["valid_loss"] for epoch in model.history_]
    assert (np.diff(losses) < 0).all()
    assert losses[0] - losses[3] < 1e-4
    assert len(losses) == 10


@pytest.mark.parametrize("next_symbol_weight", [0, 0.5])
def test_recorded_losses_equal_cross_entropy_of_predictions(X, y, next_symbol_weight):
    weights = np.random.RandomState(0).lognormal(size=len(y))
    recorder = Recorder()
    scoring = EpochScoring("neg_log_loss", on_train=True, name="score")
    model = fit(
        X, y, weights, **WITHOUT, early_stopping=True, lr=1e-9, logit_adjustment=1.0,
        next_symbol_weight=next_symbol_weight, callbacks=[recorder, scoring],
    )  # fmt: skip
    score = score_of("neg_log_loss", model, recorder.train)
    train_loss = loss_of(model, recorder.train)
    valid_loss = loss_of(model, recorder.valid)
    for epoch in model.history_:
        assert epoch["score"] == pytest.approx(score, rel=1e-5)
        assert epoch["train_loss"] == pytest.approx(train_loss, rel=1e-4)
        assert epoch["valid_loss"] == pytest.approx(valid_loss, rel=1e-4)
        assert ("next_symbol_loss" in epoch) == (next_symbol_weight > 0)
        of_random = np.log(6)
        found = epoch.get("next_symbol_loss", of_random)
        assert found == pytest.approx(of_random, rel=0.2)


# Early stopping holds out four of 40 names. Each name has a symbol of its own, and one
# of two symbols that 20 names share.
@pytest.mark.parametrize(
    "early_stopping, min_df, n_names, n_own",
    [(False, 1, 40, 40), (True, 1, 36, 36), (True, 2, 36, 0)],
)
def test_ngrams_and_idf_exclude_held_out_rows(early_stopping, min_df, n_names, n_own):
    own = np.arange(40)
    X = np.column_stack([own + 4, own % 2 + 2])
    recorder = Recorder()
    model = fit(
        X, own % 2, ngram_range=(1, 1), min_df=min_df,
        early_stopping=early_stopping, callbacks=[recorder],
    )  # fmt: skip
    shared = np.bincount(recorder.train.codes[:, 1])[1:]
    # The start mark (first) and the end mark (last) are in every name.
    frequencies = np.array([n_names, *shared, *[1] * n_own, n_names])
    expected = np.log((1 + n_names) / (1 + frequencies)) + 1
    assert_allclose(model.weights()["ngram_idf"], expected, rtol=1e-6)
    assert model.network_.ngram_keys[0].dtype == np.int32


def test_min_df_above_all_frequencies_leaves_no_ngram_arrays(X, y):
    network = fit(X, y, min_df=1_000).network_
    assert network.ngrams is None
    assert network.ngram_keys == ()
    assert "ngram_idf" not in network.weights


def test_rows_with_large_weights_are_repeated_in_an_epoch():
    X = np.arange(2, 42)[:, None]
    weights = np.random.RandomState(0).lognormal(sigma=2, size=40)
    recorder = Recorder()
    params = {"early_stopping": True, "max_epochs": 1, "callbacks": [recorder]}
    fit(X, np.arange(40) % 2, weights, **params)
    train = recorder.train
    row = train.codes[:, 0] - 1
    kept = np.unique(row)
    # All rows come once before any copies, so that copies are not adjacent.
    assert len(kept) == 36
    assert_array_equal(np.sort(row[:36]), kept)
    assert_array_equal(train.labels, row % 2)
    relative = weights / weights[kept].mean()
    times = np.bincount(row, minlength=40)
    expected = np.maximum(1, np.rint(relative))
    assert_array_equal(times[kept], expected[kept])
    assert times.max() > 5
    # Copies share the weight of their row, and the mean of all weights is 1.
    expected = relative[row] / times[row]
    assert_allclose(train.weights, expected / expected.mean(), rtol=1e-6)


@pytest.mark.parametrize(
    "at_epoch_end, end, n_epochs",
    [(go_on, nullcontext(), 3), (fail, pytest.raises(RuntimeError), 1)],
)
def test_verbose_1_shows_progress_bar_and_closes_it(
    X, y, capsys, at_epoch_end, end, n_epochs
):
    recorder = Recorder(at_epoch_end)
    with end:
        fit(X, y, verbose=1, early_stopping=True, callbacks=[recorder])
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{n_epochs}/3" in err
    assert err.endswith("\n")
    assert re.search(r"train_loss=\d.*valid_loss=\d.*valid_acc=\d", err)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_verbose_2_logs_each_epoch(X, y, capsys, monkeypatch, is_terminal):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    model = fit(X, y, verbose=2, early_stopping=True)
    out, err = capsys.readouterr()
    assert err == ""
    # Only terminals get colors.
    assert ("\033[" in out) is is_terminal
    header, _, *rows = re.sub(r"\033\[\d+m", "", out).splitlines()
    keys = ["epoch", "next_symbol_loss", "train_loss", "valid_acc", "valid_loss", "dur"]
    assert header.split() == keys
    for row, epoch in zip(rows, model.history_, strict=True):
        shown = [float(number) for number in row.split()]
        assert shown == pytest.approx([epoch[key] for key in keys], abs=1e-4)


def test_verbose_0_prints_nothing(X, y, capsys):
    params = {"early_stopping": True, "n_iter_no_change": 1, "max_epochs": 30}
    fit(X, y, lr=0.1, **params)
    assert capsys.readouterr() == ("", "")


def test_device_auto_without_cuda_is_cpu(monkeypatch, X, y):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert fit(X, y, device="auto").net_.device == "cpu"
    with pytest.raises(ValueError, match="Expected a CUDA device,.*'cpu'"):
        fit(X, y, device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("device", ["cuda", "auto"])
def test_fit_on_cuda_stores_weights_as_numpy_arrays(X, y, device):
    state = torch.cuda.get_rng_state()
    model = fit(X, y, device=device, early_stopping=True)
    again = fit(X, y, device=device, early_stopping=True)
    assert model.net_.module_.output.bias.is_cuda
    assert {type(value) for value in model.weights().values()} == {np.ndarray}
    expected = again.predict_proba(X)
    assert_allclose(model.predict_proba(X), expected, atol=1e-3)
    assert torch.equal(torch.cuda.get_rng_state(), state)


@pytest.mark.parametrize("n_steps", range(1, 9))
def test_learning_rate_of_few_steps_rises_and_falls(X, y, n_steps):
    steps = steps_of(X, y, lr=0.02, max_epochs=n_steps, batch_size=1000)
    lrs = [rates["output.bias"][0] for rates in steps.rates]
    assert len(lrs) == n_steps
    assert 0.01 < max(lrs) < 0.0201
    assert n_steps == 1 or lrs[-1] < 1e-6


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(
    "ngram_range, factors", [((1, 2), [(2, 2e-5), (1, 1e-8)]), (None, [(1, 1e-8)])]
)
def test_ngram_weights_have_own_learning_rate_and_epsilon(
    X, y, early_stopping, ngram_range, factors
):
    params = {"early_stopping": early_stopping, "ngram_range": ngram_range}
    steps = steps_of(X, y, ngram_lr=2.0, ngram_eps=2e-5, **params)
    lrs = set()
    for rates in steps.rates:
        lr, _ = rates["output.bias"]
        found = {(of_one / lr, eps) for of_one, eps in rates.values()}
        assert_allclose(sorted(found, reverse=True), factors, rtol=1e-9)
        lrs.add(lr)
    # Early stopping keeps the rate constant.
    assert len(lrs) == (1 if early_stopping else len(steps.rates))


def test_gradients_are_clipped_to_a_norm_of_1(X, y):
    # Smaller gradients are not clipped: test_gradients_scale_with_next_symbol_weight.
    for gradients in steps_of(X, y, next_symbol_weight=1e3, lr=1e-3).gradients:
        assert gradients.pop("ngram_weight").is_sparse
        dense = torch.cat([gradient.flatten() for gradient in gradients.values()])
        assert dense.norm().item() == pytest.approx(1, rel=1e-3)


def dropout_rates(net):
    """Return the share of elements that each dropout sets to 0."""
    names = ("dropout", "embedding_dropout", "ngram_dropout")
    return [getattr(net.module_, name).n_dropped / 256 for name in names]


def test_each_dropout_setting_reaches_its_layer(X, y):
    model = fit(X, y, dropout=0.7, symbol_dropout=0.1, ngram_dropout=0.9)
    assert dropout_rates(model.net_) == pytest.approx([0.7, 0.2, 0.9], abs=0.01)


def test_regularization_of_0_disables_dropout_and_weight_decay(X, y):
    net = fit(X, y, regularization=0, dropout=0).net_
    assert not net.next_symbol_weight
    assert not net.iterator_train__symbol_dropout
    assert dropout_rates(net) == [0, 0, 0]
    assert {group["weight_decay"] for group in net.optimizer_.param_groups} == {0}


def test_ngram_weights_are_rounded_to_half_precision(X, y):
    model = fit(X, y)
    of_net = model.net_.module_.ngram_weight.detach().numpy()
    for weight in (model.weights()["ngram_weight"], of_net):
        assert weight.any()
        assert weight.dtype == np.float32
        assert_array_equal(weight.astype(np.float16), weight)
    assert model.network_.to_arrays()["ngram_weight"].dtype == np.float16


def test_skorch_older_than_1_2_raises_with_hint_to_upgrade(tmp_path):
    """The import of an old skorch may fail, as on Python 3.13."""
    package = tmp_path / "skorch"
    metadata = tmp_path / "skorch-1.1.0.dist-info"
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


class RecordNumpyNumber(Callback):
    def on_epoch_end(self, net, **kwargs):
        net.history.record("noted", np.float32(0.5))


def test_history_holds_python_numbers_only(X, y):
    classifier = fit(X, y, callbacks=[RecordNumpyNumber()])
    types = {type(value) for epoch in classifier.history_ for value in epoch.values()}
    assert types <= {int, float, bool}
    assert classifier.history_[0]["noted"] == 0.5
