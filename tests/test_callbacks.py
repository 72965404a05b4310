"""skorch callbacks in a fit: what each does, as docs/skorch.md lists them."""

import numpy as np
import pytest
import torch
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    GradientNormClipping,
    InputShapeSetter,
    LoadInitState,
    PassthroughScoring,
    PrintLog,
    ProgressBar,
)

from sknames import NameNationalityClassifier
from tests.conftest import TINY


class RecordNorm(Callback):
    """Record the norm of all dense gradients of each step, after clipping."""

    def __init__(self):
        self.norms = []

    def on_grad_computed(self, net, named_parameters, **kwargs):
        gradients = []
        for _, parameter in named_parameters:
            if parameter.grad is not None and not parameter.grad.is_sparse:
                gradients.append(parameter.grad.ravel())
        self.norms.append(float(torch.cat(gradients).norm()))


class ScaleGradients(Callback):
    """Multiply all gradients."""

    def __init__(self, factor):
        self.factor = factor

    def on_grad_computed(self, net, named_parameters, **kwargs):
        for _, parameter in named_parameters:
            if parameter.grad is not None:
                parameter.grad *= self.factor


class Interrupt(Callback):
    """Raise an error at the end of an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise RuntimeError("interrupted")


def fit(codes, callbacks, **params):
    classify = NameNationalityClassifier(**(TINY | params), callbacks=callbacks)
    return classify.fit(*codes)


def test_epoch_scoring_scores_training_rows_with_on_train(codes):
    scoring = EpochScoring("accuracy", on_train=True, name="train_acc")
    model = fit(codes, [scoring])
    accuracies = [epoch["train_acc"] for epoch in model.history_]
    assert len(accuracies) == TINY["max_epochs"]
    assert accuracies[-1] > accuracies[0]


@pytest.mark.parametrize(
    "callback, step",
    [
        (EpochScoring("f1_macro"), "on_train=True"),
        (BatchScoring("accuracy"), "on_train=True"),
        (PassthroughScoring("accuracy"), "on_train=True"),
        (EarlyStopping(), "monitor='train_loss'"),
        (EarlyStopping, "monitor='train_loss'"),
        (Checkpoint(), "monitor='train_loss_best'"),
    ],
)
def test_callback_that_needs_held_out_rows_raises_without_early_stopping(
    codes, callback, step
):
    message = rf"needs held-out rows, but there are none.\nSet early_stopping=.*{step}"
    with pytest.raises(ValueError, match=message):
        fit(codes, [("mine", callback)])


def test_input_shape_setter_callback_raises_with_hint(codes):
    with pytest.raises(
        ValueError, match=r"InputShapeSetter .*\nRemove InputShapeSetter"
    ):
        fit(codes, [InputShapeSetter()])


def test_early_stopping_callback_on_training_loss_ends_fit(codes):
    stopping = EarlyStopping(monitor="train_loss", patience=1, threshold=0.99)
    assert len(fit(codes, [stopping], max_epochs=9).history_) == 2


def test_interrupted_fit_resumes_from_checkpoint(codes, tmp_path):
    def checkpoint():
        return Checkpoint(dirname=tmp_path, monitor=None, f_pickle=None)

    with pytest.raises(RuntimeError, match="interrupted"):
        fit(codes, [checkpoint(), Interrupt(epoch=2)], max_epochs=4)
    resumed = fit(codes, [LoadInitState(checkpoint())], max_epochs=2)
    uninterrupted = fit(codes, None, max_epochs=4)
    assert [epoch["epoch"] for epoch in resumed.history_] == [1, 2, 3, 4]
    losses = [epoch["train_loss"] for epoch in resumed.history_]
    expected = [epoch["train_loss"] for epoch in uninterrupted.history_]
    assert losses[:2] == pytest.approx(expected[:2])
    assert losses[2] < losses[1]


def test_net_loads_parameters_of_checkpoint(codes, tmp_path):
    checkpoint = Checkpoint(dirname=tmp_path, monitor="train_loss_best", f_pickle=None)
    model = fit(codes, [checkpoint])
    net = fit(codes, None, random_state=1).net_
    net.load_params(checkpoint=checkpoint)
    expected = model.predict_proba(codes[0])
    # At its end, a fit rounds the weights of n-grams to half precision.
    np.testing.assert_allclose(net.predict_proba(codes[0]), expected, atol=1e-3)


def test_progress_bar_callback_writes_to_stderr(codes, capsys):
    fit(codes, [ProgressBar()])
    assert "%|" in capsys.readouterr().err


def test_print_log_callback_writes_one_line_per_epoch(codes):
    lines = []
    fit(codes, [PrintLog(sink=lines.append)])
    header, _, *epochs = lines
    assert "train_loss" in header
    assert len(epochs) == TINY["max_epochs"]


def test_epoch_timer_callback_records_duration_of_each_epoch(codes):
    model = fit(codes, [EpochTimer()])
    assert all(epoch["dur"] > 0 for epoch in model.history_)


@pytest.mark.parametrize("most", [0.5, 5.0])
def test_gradient_norm_clipping_callback_replaces_default_clipping(codes, most):
    record = RecordNorm()
    clip = GradientNormClipping(most)
    model = fit(codes, [ScaleGradients(1000), clip, record])
    assert record.norms == pytest.approx([most] * len(record.norms), rel=1e-3)
    assert "clip" not in dict(model.net_.callbacks_)
