"""Callbacks of scikit-learn 1.9 follow the epochs of a fit."""

import sys
from copy import copy, deepcopy
from importlib.util import module_from_spec, spec_from_file_location
from pickle import dumps, loads

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameEncoder, NameNationalityClassifier, _fit_tasks

SMALL = {"hidden_size": 8, "max_epochs": 4, "random_state": 0}


class Recorder:
    """Keeps what it is told, and stops at an epoch."""

    max_propagation_depth = None

    def __init__(self, stop_at=None):
        self.stop_at, self.told, self.probabilities = stop_at, [], []

    def setup(self, estimator, context):
        self.told.append(("setup", type(estimator).__name__))

    def on_fit_task_begin(self, estimator, context):
        self.told.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.told.append(("end", context.task_name, context.task_id))
        self.metadata = metadata
        if fitted_estimator is not None:
            assert len(y) == len(X)
            self.probabilities.append(fitted_estimator.predict_proba(X))
        return context.task_name == "epoch" and context.task_id == self.stop_at

    def teardown(self, estimator, context):
        self.told.append(("teardown", type(estimator).__name__))


class Saver(Recorder):
    """Keeps what a file of each task would hold."""

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        self.told.append(loads(dumps(fitted_estimator or estimator)))


@pytest.fixture
def data(small_names):
    pytest.importorskip("sklearn.callback")
    names, labels = small_names
    return CharEncoder(max_length=12).fit_transform(names), labels


def epochs(n):
    return [(what, "epoch", k) for k in range(n) for what in ("begin", "end")]


def fit_tasks(n):
    return [("begin", "fit", 0), *epochs(n), ("end", "fit", 0)]


def test_each_epoch_is_a_task(data):
    X, y = data
    recorder = Recorder()
    model = NameNationalityClassifier(**SMALL).set_callbacks(recorder).fit(X, y)
    name = "NameNationalityClassifier"
    assert recorder.told == [("setup", name), *fit_tasks(4), ("teardown", name)]
    assert recorder.metadata is None
    plain = NameNationalityClassifier(**SMALL).fit(X, y)
    np.testing.assert_array_equal(plain.predict_proba(X), model.predict_proba(X))
    # A score of each epoch and of the fit; the weights of n-grams are rounded after the last epoch.
    assert len(recorder.probabilities) == 5
    np.testing.assert_array_equal(recorder.probabilities[4], model.predict_proba(X))
    np.testing.assert_allclose(recorder.probabilities[3], model.predict_proba(X), atol=1e-3)
    assert np.abs(recorder.probabilities[1] - model.predict_proba(X)).max() > 0.01


def test_weights_are_told(data):
    X, y = data
    recorder, weights = Recorder(), np.arange(1.0, len(X) + 1)
    NameNationalityClassifier(**SMALL).set_callbacks(recorder).fit(X, y, sample_weight=weights)
    told = recorder.metadata["sample_weight"]
    np.testing.assert_array_equal(told / told[0], weights)  # their ratios matter


def test_a_callback_stops_training(data):
    recorder = Recorder(stop_at=1)
    model = NameNationalityClassifier(**SMALL).set_callbacks(recorder).fit(*data)
    assert len(model.history_) == 2
    assert recorder.told[1:-1] == fit_tasks(2)


def test_early_stopping_ends_the_task_of_its_epoch(data):
    recorder = Recorder()
    params = SMALL | {"max_epochs": 40, "early_stopping": True, "n_iter_no_change": 1, "lr": 0.05}
    model = NameNationalityClassifier(**params).set_callbacks(recorder).fit(*data)
    assert len(model.history_) < 40
    assert recorder.told[1:-1] == fit_tasks(len(model.history_))


def test_a_refit_shows_the_model_of_its_own_epochs(data):
    """Also if the classes are others than those of the fit before."""
    X, y = data
    recorder = Recorder()
    model = NameNationalityClassifier(**SMALL).fit(X, np.where(y == "Greek", "Greek", "other"))
    model.set_callbacks(recorder).fit(X, y)
    assert recorder.probabilities[0].shape == (len(X), 4)


@pytest.mark.parametrize("duplicate", [copy, deepcopy])
def test_a_fit_may_be_copied_while_it_is_under_way(data, duplicate):
    """The copy is of what was fitted before, if anything: never of half a fit."""
    X, y = data
    copies = []

    class Copier(Recorder):
        def on_fit_task_end(self, estimator, context):
            copies.append(duplicate(estimator))

    model = NameNationalityClassifier(**SMALL).set_callbacks(Copier())
    model.fit(X, np.where(y == "Greek", "a", "b"))
    with pytest.raises(NotFittedError):
        copies[0].predict(X)
    before = model.predict(X)
    np.testing.assert_array_equal(copies[-1].predict(X), before)
    copies.clear()
    model.fit(X, y)
    np.testing.assert_array_equal(copies[0].predict(X), before)
    np.testing.assert_array_equal(copies[-1].predict(X), model.predict(X))


def test_a_fit_that_fails_is_torn_down_and_leaves_no_trace(data):
    X, y = data
    recorder = Recorder()
    model = NameNationalityClassifier(**SMALL | {"lr": 1e30}).set_callbacks(recorder)
    before = vars(model).copy()
    with pytest.raises(ValueError, match="diverged"):
        model.fit(X, y)
    assert recorder.told[-1] == ("teardown", "NameNationalityClassifier")
    assert vars(model) == before


def test_a_pipeline_hands_its_callbacks_on(small_names):
    pytest.importorskip("sklearn.callback")
    recorder = Recorder()
    steps = [
        ("encode", CharEncoder(max_length=12)),
        ("classify", NameNationalityClassifier(**SMALL)),
    ]
    Pipeline(steps).set_callbacks(recorder).fit(*small_names)  # a step without support is warned of
    assert [task for task in recorder.told if task[1] == "epoch"] == epochs(4)
    assert ("end", "fit", 0) in recorder.told  # of the encoder, the first step


@pytest.mark.parametrize("make", [CharEncoder, NameEncoder, NameNationalityClassifier])
def test_clones_keep_callbacks_and_files_do_not(make, data, small_names):
    recorder = Recorder()
    model = make().set_callbacks(recorder)
    assert clone(model)._skl_callbacks == [recorder]
    assert "_skl_callbacks" in vars(loads(dumps(model)))  # on its way to a worker
    if make is NameNationalityClassifier:
        model.set_params(**SMALL).fit(*data)
    else:
        model.fit(*small_names)
    assert "_skl_callbacks" not in vars(loads(dumps(model)))
    assert copy(model).get_params() == model.get_params()


@pytest.mark.parametrize("make", [CharEncoder, NameEncoder, NameNationalityClassifier])
def test_a_callback_saves_the_model_of_its_task(make, data, small_names):
    """The files are those of the model alone: scikit-learn's tree of tasks stays out of them."""

    recorder, params = Saver(), {}
    if make is NameNationalityClassifier:
        params = SMALL
    else:
        data = small_names
    model = make(**params).set_callbacks(recorder).fit(*data)
    saved = [item for item in recorder.told if not isinstance(item, tuple)]
    assert len(saved) == (5 if params else 1)
    for one in saved:
        assert set(vars(one)) == set(vars(loads(dumps(model))))


def test_before_scikit_learn_1_9(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    spec = spec_from_file_location("before", _fit_tasks.__file__)
    before = module_from_spec(spec)
    spec.loader.exec_module(before)

    class Estimator(before.CallbackSupportMixin):
        @before.with_callbacks
        def fit(self):
            tasks = before.EpochTasks(self, 2, dict, X=[], y=[])
            tasks.begin_epoch()
            stops = tasks.end_epoch(pytest.fail)
            tasks.end(pytest.fail)
            return stops

    assert not hasattr(Estimator, "set_callbacks")
    assert Estimator().fit() is False
