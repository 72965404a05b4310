"""evaluate: score a model on names whose nationalities are known."""

import click
import numpy as np

from .._model_files import load_model
from .._table_reader import TableReader
from .._workers import answering
from ..metrics._scorecard import scorecard_from
from ._common import (
    character,
    labels_beside,
    model_options,
    progress,
    say,
    show,
    table_options,
    with_names,
)
from ._labelled_names import labelled_names


@click.command()
@click.argument("model")
@table_options
@click.option(
    "--label", default="nationality", show_default=True, help="Column that holds the true labels."
)
@click.option(
    "--train",
    "learned",
    help="Table that MODEL has learned: tells which names of INPUT are in it, and what plain "
    "models learn from it.",
)
@model_options
def evaluate(model, input, column, delimiter, encoding, label, learned, jobs, trust_pickle):
    """Score MODEL (a file, or pretrained) on the nationalities in INPUT.

    It prints the scorecard of sknames.metrics, with all nationalities. Rows without a name or a
    label do not count. Rows with a label that the model does not know count as wrong, but not in
    the log loss.
    """
    load = (model, trust_pickle)
    fitted = load_model(*load)
    classes = fitted.classes_.astype(str)
    used, of_used, found, proba, n_rows, train = [], [], [], [], 0, None
    if learned is not None:
        names, labels, _ = labelled_names(learned, column, label, delimiter, encoding)
        train = names, np.array(labels, dtype=object)
    with (
        TableReader(input, character(delimiter), encoding) as reader,
        answering(fitted, load, jobs, 1, True) as answer,
        progress(reader.n_rows) as advance,
    ):
        for ((chunk, missing), names), answers in answer(_kept(with_names(reader, column, label))):
            truth = labels_beside(reader, chunk, label, missing)
            labelled = truth != ""
            used += [name for name, use in zip(names, labelled, strict=True) if use]
            of_used += truth[labelled].tolist()
            found.append(classes[answers[0][labelled, 0]])
            proba.append(answers[2][labelled])
            n_rows += len(chunk)
            advance(len(chunk))
    n_known = int(np.isin(of_used, classes).sum())
    if not n_known:
        raise ValueError(
            f"no row of {input} has a name and a label that the model knows: check --label, and "
            f"that labels are written as {', '.join(classes[:3])}, ..."
        )
    answered = np.concatenate(found), np.concatenate(proba)
    show(scorecard_from(used, of_used, *answered, classes, train).to_text())
    say(
        f"{n_rows:,} rows: {len(used):,} used, {len(used) - n_known:,} of them with labels that "
        f"the model does not know; {n_rows - len(used):,} without a name or a label"
    )


def _kept(chunks):
    """The names of each chunk in what comes back with its answers, too."""
    for chunk, names in chunks:
        yield (chunk, names), names
