"""Find what is inside a model."""

from sklearn.pipeline import Pipeline


def find_encoder(estimator):
    """Return the fitted encoder at the start of an estimator, or None."""
    return find_inside(estimator, "alphabet_", 0)


def find_inside(estimator, attribute, step):
    """Return the part of an estimator that has an attribute; `step` is where it is in pipelines."""
    while not (estimator is None or hasattr(estimator, attribute)):
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[step][1]
        else:
            inner = ("best_estimator_", "estimator_", "estimator")
            inner = (getattr(estimator, name) for name in inner if hasattr(estimator, name))
            estimator = next(inner, None)
    return estimator
