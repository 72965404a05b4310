"""Identify the model that made a prediction."""

from typing import Any

from .stack import resolve, unsupported_model_error


def fingerprint(estimator: Any) -> str:
    """Return a short name of a fitted model, computed from its fitted state.

    A model has the same name on all machines, and before and after it is saved with
    joblib, skops or ONNX. A retrained model gets another name, except in one of 17
    million cases, in which the digests agree by chance. Store the name with your
    results to record which model they come from.

    Parameters
    ----------
    estimator : estimator
        Fitted model, such as :func:`load_pretrained`, or any scikit-learn estimator.

    Returns
    -------
    str
        The kind of model, and six digits of its fitted state:

        - "nationality-..." and "country-..." for the shipped models with their default
          priors,
        - "network-..." for your own :class:`NameNationalityClassifier`,
        - the class name for any other estimator, such as "LogisticRegression-...".

        Each wrapper appends the kind of change and four digits: "+priors-...",
        "+groups-..." or "+threshold-...". Non-default priors in
        :func:`load_pretrained` are appended in the same way, and "+untidied" is
        appended for ``tidy=False``. Calibrations append their class name.

    Raises
    ------
    TypeError
        If the model is not an estimator, or has a part that cannot be saved, such as a
        lambda.
    NotFittedError
        If the model is not fitted.

    See Also
    --------
    load_model : Load a model from a file.
    sknames.pretrained.load_card : Load the card of a shipped model, with its name.

    Notes
    -----
    The digits are computed from the class labels and the exact stored numbers, not from
    predictions, whose last digits differ between processors. Steps before a
    :class:`NameNationalityClassifier` are ignored. For other estimators, the digits
    come from :func:`joblib.hash` of the estimator and the steps before it, so they also
    depend on settings and on the version of scikit-learn. They depend on everything
    that the estimator stores, so the digits of a random forest or of a text vectorizer
    can differ in another process.

    Examples
    --------
    >>> import sknames
    >>> model = sknames.load_pretrained()
    >>> name, digits = sknames.fingerprint(model).split("-")
    >>> name, len(digits)
    ('nationality', 6)
    >>> grouped = sknames.GroupedClassifier(model, groups="region")
    >>> sknames.fingerprint(grouped).startswith(f"{name}-{digits}+groups-")
    True
    """
    if not hasattr(estimator, "fit"):
        step = "To name the model in a file, load it: load_model(path)."
        raise unsupported_model_error(estimator, "a fitted estimator", step)
    return resolve(estimator).fingerprint
