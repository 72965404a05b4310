"""Define the type of the shipped models, which are never refitted."""

from reprlib import repr as shorten
from typing import Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

from .._base import warn
from .._base.estimators import EstimatorMixin, input_tags_of

# The methods of Pipeline to which metadata is routed, except `fit`.
ROUTED = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score",
    "transform",
)


class FrozenPipeline(EstimatorMixin, Pipeline):
    """Pipeline that is never refitted, like scikit-learn's FrozenEstimator.

    The shipped models have this type. The clone of a frozen pipeline is the pipeline
    itself, and `fit` changes nothing. Therefore cross-validation, searches, calibration
    and wrappers use the model unchanged.

    To train on your own names, use :func:`~sknames.make_own_labels_pipeline`, or a
    :class:`~sknames.NameNationalityClassifier` for a neural network. The settings of
    the shipped models are meant for a million names.

    Parameters
    ----------
    steps, transform_input, memory, verbose : list, list, str, bool
        Parameters of :class:`~sklearn.pipeline.Pipeline`. All steps are fitted.

    Attributes
    ----------
    class_prior_ : ndarray of shape (n_classes,)
        The priors that the probabilities of the last step assume.

    See Also
    --------
    sknames.load_pretrained : Load a shipped model.
    sklearn.frozen.FrozenEstimator : Freeze your own model.

    Examples
    --------
    >>> from sklearn.base import clone
    >>> import sknames
    >>> model = sknames.load_pretrained()
    >>> clone(model) is model.fit(["Anna"], ["Greek"]) is model
    True
    >>> model.predict(["Anna"])
    array(['Polish'], dtype='<U11')
    """

    __module__ = "sknames.pretrained"

    def __init__(
        self,
        steps: list[tuple[str, Any]],
        *,
        transform_input: list[str] | None = None,
        memory: Any = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            steps, transform_input=transform_input, memory=memory, verbose=verbose
        )

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Return the pipeline unchanged.

        Parameters
        ----------
        X : object
            Ignored.
        y : array-like of shape (n_samples,) or None, default=None
            Labels. Labels that the pipeline does not know cause a warning, unless they
            are positions in `classes_`, as passed by ensembles.
        **params
            Ignored.

        Returns
        -------
        self : FrozenPipeline
            The pipeline.
        """
        classes = getattr(self, "classes_", None)  # None for a transformer
        if y is None or classes is None or _are_numbers_of(y, classes):
            return self
        known = set(classes.tolist())
        lacking = [label for label in np.ravel(y).tolist() if label not in known]
        if lacking:
            warn(
                "fit learns nothing: the model is frozen, and lacks the labels "
                f"{shorten([*dict.fromkeys(lacking)])}. For labels of your own, fit "
                "make_own_labels_pipeline(). Ensembles and calibration of scikit-learn "
                f"number the labels, so they need names of all {len(classes)}, or "
                "another model: make_pipeline(NameEncoder(), LogisticRegression())."
            )
        return self

    @property
    def class_prior_(self) -> NDArray[np.float64]:
        """The priors that the probabilities of the last step assume."""
        return self.steps[-1][1].class_prior_

    def __sklearn_clone__(self):
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = input_tags_of(self)
        return tags

    @property
    def fit_transform(self) -> NoReturn:
        """Raise AttributeError, as FrozenEstimator does."""
        raise AttributeError("A FrozenPipeline has no fit_transform: call transform.")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the pipeline, without those of its steps.

        Parameters
        ----------
        deep : bool, default=True
            Ignored.

        Returns
        -------
        dict of str to object
            Parameters by name.
        """
        return super().get_params(deep=False)

    def set_params(self, **params: Any) -> Self:
        """Raise ValueError for any parameter, because no `fit` would use it.

        Parameters
        ----------
        **params
            Parameters by name.

        Returns
        -------
        self : FrozenPipeline
            The pipeline.

        Raises
        ------
        ValueError
            If a parameter is given.
        """
        if params:
            raise ValueError(
                "A model that is frozen keeps its parameters, got "
                f"{', '.join(params)}. To learn from names of your own, set those of "
                "make_own_labels_pipeline(), or for a net of "
                "make_pipeline(CharEncoder(), NameNationalityClassifier())."
            )
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to the steps, but not for `fit`.

        Returns
        -------
        MetadataRouter
            The routing.
        """
        to_transform = MethodMapping()
        to_last = MethodMapping()
        for method in ROUTED:
            to_transform.add(caller=method, callee="transform")
            to_last.add(caller=method, callee=method)
        router = MetadataRouter(owner=self)
        *transformers, (name_of_last, last) = self.steps
        for name, transformer in transformers:
            router.add(**{name: transformer}, method_mapping=to_transform)
        return router.add(**{name_of_last: last}, method_mapping=to_last)


def _are_numbers_of(y, classes):
    """Return whether labels are positions in the classes, as ensembles pass them.

    Ensembles number the labels of their training data. If these are fewer than the
    classes, the numbers stand for other labels. A fold may lack some numbers.
    """
    numbers = set(np.ravel(y).tolist())
    if numbers == set(range(len(numbers))):
        return len(numbers) == len(classes)
    return numbers < set(range(len(classes)))
