"""Priors as given in a shell."""

import os

import click

from .._priors import check_priors
from .._table_reader import TableReader


def read_priors(text, classes):
    """Read priors, in class order, from "uniform", "population", "A=.6,B=.4" or a file.

    The file is a table with the columns nationality and share, as `sknames shares` writes it.
    """
    if text in ("uniform", "population"):
        return check_priors(text, classes, "--priors")
    if "=" in text and not os.path.isfile(text):
        pairs = [pair.rpartition("=")[::2] for pair in text.split(",")]
    else:
        with TableReader(text) as reader:
            pairs = [pair for chunk in reader for pair in _pairs(chunk, text)]
    label_of = {str(label): label for label in classes.tolist()}
    priors = {}
    for label, share in pairs:
        label = label.strip()
        key = label_of.get(label, label)
        if key in priors:
            raise click.UsageError(
                f"--priors {text}: expected {label!r} once, got it twice or more"
            )
        try:
            priors[key] = float(share)
        except (TypeError, ValueError) as error:
            raise click.UsageError(
                f"--priors {text}: expected a number for {label!r}, got {share!r}"
            ) from error
    return check_priors(priors, classes, "--priors")


def _pairs(chunk, path):
    if not {"nationality", "share"} <= set(chunk.columns):
        raise click.UsageError(
            f"--priors {path}: expected the columns nationality and share, as `sknames shares` "
            f"writes them, got {', '.join(chunk.columns[:20])}"
        )
    columns = (chunk.texts(c, convert=True).to_pylist() for c in ("nationality", "share"))
    return zip(*((value or "" for value in values) for values in columns), strict=True)
