"""The type of the models that ship: no method fits them again."""

from typing import Any, NoReturn, Self

from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRouter

from .._base.estimators import DocLinkMixin


class FrozenPipeline(DocLinkMixin, Pipeline):
    """Hold a pipeline that is never fitted again, like scikit-learn's FrozenEstimator.

    A model that ships is one. Its clone is itself, and `fit` does nothing. So
    cross-validation, searches, calibration and wrappers use the model as it is. To
    train its settings anew, on names and labels of your own, take
    ``clone(Pipeline(model.steps))``.

    Parameters
    ----------
    steps, transform_input, memory, verbose : list, list, str, bool
        Parameters of :class:`~sklearn.pipeline.Pipeline`. All steps are fitted.

    See Also
    --------
    sknames.load_pretrained : Load a model that ships.
    sklearn.frozen.FrozenEstimator : Freeze a model of your own.

    Examples
    --------
    >>> from sklearn.base import clone
    >>> from sklearn.pipeline import Pipeline
    >>> import sknames
    >>> model = sknames.load_pretrained()
    >>> clone(model) is model.fit(["Anna"], ["Elvish"]) is model
    True
    >>> unfitted = clone(Pipeline(model.steps))
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
        """Do nothing: the pipeline stays as it is.

        Parameters
        ----------
        X, y : object
            Ignored.
        **params
            Ignored.

        Returns
        -------
        self : FrozenPipeline
            The pipeline.
        """
        return self

    def __sklearn_clone__(self):
        return self

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
        """Raise ValueError for any parameter, since no `fit` would use it.

        Parameters
        ----------
        **params
            Parameters by name.

        Returns
        -------
        self : FrozenPipeline
            The pipeline.
        """
        if params:
            raise ValueError(
                "A model that is frozen keeps its parameters, got "
                f"{', '.join(params)}. To train with others, set them in "
                "clone(Pipeline(model.steps)), and fit that."
            )
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return a routing to nothing, since nothing is fitted.

        Returns
        -------
        MetadataRouter
            The routing.
        """
        return MetadataRouter(owner=self)
