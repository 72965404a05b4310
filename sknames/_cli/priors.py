"""Read the class priors of --priors: a name, pairs or a table of shares."""

import os

from .._models.priors import NAMED_PRIORS, assumed_priors, check_priors
from .tables import InputTable


def read_priors(source, stack):
    """Return the priors of a model's classes, in their order.

    `source` is "tempered", "population", "uniform", pairs such as "Irish=.6,others=.4",
    or a table with the columns label and share, "-" for standard input.
    """
    if source in NAMED_PRIORS:
        return check_priors(source, stack.classes, "--priors")
    # A model's labels may be numbers.
    label_of_text = {str(label): label for label in stack.classes.tolist()}
    priors = {}
    for text, share in _pairs(source):
        if not text:
            raise ValueError(
                f"--priors {source}: expected a label for {share!r}, got none"
            )
        label = label_of_text.get(text, text)
        if label in priors:
            raise ValueError(f"--priors has {text!r} twice: list each label once")
        try:
            priors[label] = float(share)
        except ValueError:
            raise ValueError(
                f"--priors: expected a number from 0 to 1 for {text!r}, got {share!r}"
            ) from None
    return check_priors(priors, stack.classes, "--priors", assumed_priors(stack))


def _pairs(source):
    """Yield labels and shares as text."""
    if "=" in source and not os.path.isfile(source):
        for pair in source.split(","):
            label, _, share = pair.rpartition("=")
            yield label.strip(), share.strip()
        return
    if source != "-" and not os.path.exists(source):
        raise ValueError(
            f"--priors {source}: no such file: check the path, or use pairs such as "
            "Turkish=.5,others=.5"
        )
    table = InputTable(source)
    for chunk in table:
        labels = table.texts(chunk, "label", "--priors")
        shares = table.texts(chunk, "share", "--priors")
        yield from zip(labels, shares, strict=True)
