"""Fits as trees of tasks, which the callbacks of scikit-learn 1.9 and later follow.

Before 1.9, stand-ins let an estimator's code be the same.
"""

from functools import wraps

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stand-in: it starts tasks that nobody follows, and has no `set_callbacks`."""

        def _init_callback_context(self, **kwargs):
            return _Task()

    class _Task:
        def subcontext(self, **kwargs):
            return self

        def call_on_fit_task_begin(self, **kwargs):
            return self

        def call_on_fit_task_end(self, **kwargs):
            return False

    def with_callbacks(method):
        @wraps(method)
        def with_frame(*args, **kwargs):  # as in 1.9, so that warnings point to the same caller
            return method(*args, **kwargs)

        return with_frame


__all__ = ["CallbackSupportMixin", "EpochTasks", "with_callbacks", "without_callbacks"]

# What scikit-learn keeps in an estimator of its callbacks, most of it while a fit is under way.
OF_CALLBACKS = {
    "_skl_callbacks",
    "_skl_callbacks_to_teardown",
    "_callback_fit_ctx",
    "_parent_callback_ctx",
}


def without_callbacks(state):
    """The state of an estimator for a file, without what older releases could not load."""
    return {name: value for name, value in state.items() if name not in OF_CALLBACKS}


class EpochTasks:
    """The tasks of a fit that goes epoch by epoch: the fit, and each epoch in it.

    Parameters
    ----------
    estimator : CallbackSupportMixin
        The estimator. Its method that makes this is decorated by `with_callbacks`.
    max_epochs : int
        Largest number of epochs.
    attributes_of : callable
        Makes a dict of the fitted attributes from what training returns.
    **data
        The training data that callbacks may ask for: X, y and metadata.
    """

    def __init__(self, estimator, max_epochs, attributes_of, **data):
        self.attributes_of = attributes_of
        self.data = {"estimator": estimator, **data}
        self.fit = estimator._init_callback_context(max_subtasks=max_epochs)
        self.fit.call_on_fit_task_begin(**self.data)

    def begin_epoch(self):
        """Begin an epoch."""
        self.epoch = self.fit.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(**self.data)

    def end_epoch(self, result):
        """End an epoch, and return whether a callback asks to stop.

        `result` returns what training would return now. It is called only if a callback asks for
        the estimator as fitted so far.
        """
        return self._end(self.epoch, result)

    def end(self, result):
        """End the fit."""
        self._end(self.fit, result)

    def _end(self, task, result):
        return task.call_on_fit_task_end(
            **self.data, reconstruction_attributes=lambda: self.attributes_of(*result())
        )
