"""Name the model that gives an answer."""

from typing import Any

from .stack import resolve, unsupported_model_error


def fingerprint(estimator: Any) -> str:
    """Return a short name of a fitted model, from what it learned.

    The same model has the same name on each machine, before and after it is saved to a
    file of joblib, skops or ONNX. A model that is trained again gets another name,
    unless two digests happen to agree, once in 17 million. Store the name with your
    results to record which model they come from.

    Parameters
    ----------
    estimator : estimator
        Fitted model, such as :func:`load_pretrained`, or any scikit-learn estimator.

    Returns
    -------
    str
        What was trained, and six digits of what it learned:

        - "nationality-..." and "country-..." for the models that ship, under their
          default priors,
        - "network-..." for a :class:`NameNationalityClassifier` of yours,
        - the class for any other estimator, such as "LogisticRegression-...".

        Each wrapper appends what it changes, with four digits: "+priors-...",
        "+groups-..." or "+threshold-...". Other priors of :func:`load_pretrained` do
        so, too, and "+untidied" stands for its ``tidy=False``. Calibrations append
        their class.

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
    sknames.pretrained.load_card : Load the card of a model that ships, with its name.

    Notes
    -----
    The digits are of the class labels and the stored numbers to the bit, not of
    answers, which differ between processors in the last digits. Steps in front of a
    :class:`NameNationalityClassifier` do not count. The digits of other estimators are
    :func:`joblib.hash` of the estimator and the steps in front of it, so they also
    depend on settings and on the version of scikit-learn. They change with whatever the
    estimator stores, so those of a random forest or of a vectorizer of words can differ
    in another process.

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
