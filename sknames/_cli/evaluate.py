"""evaluate: score a model on names whose nationalities are known."""

import time

import click
import numpy as np
from sklearn.utils import gen_batches

from .._models.predict_names import predictions_of
from .._models.stack import resolve
from .._text.tidy import spellings
from ..metrics._scorecard import scorecard_from
from .files import say
from .models import closing_words, predict_distinct
from .options import jobs_option, label_option, model_options, table_options
from .tables import ROWS_OF_CHUNK, InputTable


@click.command()
@table_options
@model_options
@label_option
@click.option("--train", help="Table that the model learned, to count its names.")
@jobs_option
def evaluate(table, model, label, train, jobs):
    """Score a model on the nationalities in INPUT.

    It prints accuracy, recall and precision of each nationality, and the most frequent
    confusions. Rows without a name or a label do not count. Labels that the model does
    not know count as wrong.
    """
    start = time.perf_counter()
    fitted = model.load()
    stack = resolve(fitted)
    names, labels, n_rows = table.labelled_names(label)
    labels = np.array(stack.as_predicted(labels), dtype=object)
    classes = fitted.classes_.astype(str)
    chunks = (names[rows] for rows in gen_batches(len(names), ROWS_OF_CHUNK))
    distinct = predict_distinct(stack, chunks, jobs, table)
    predictions = predictions_of(stack, distinct.take(names))
    card = scorecard_from(
        names,
        labels,
        predictions.labels[:, 0].astype(str),
        predictions.proba.astype(np.float32),
        classes,
    )
    click.echo(card.to_text())
    if train:
        train_table = InputTable(
            train,
            table.column,
            table.given_delimiter,
            table.encoding,
            table.has_header,
        )
        train_names, _, _ = train_table.labelled_names(label)
        click.echo(f"\n{_overlap(names, train_names)}")
    n_unknown = (~np.isin(labels, classes)).sum()
    say(
        f"{n_rows:,} rows: {len(names):,} used, {n_unknown:,} of them with labels that "
        f"the model does not know; {n_rows - len(names):,} without a name or a label; "
        f"{closing_words(stack, start)}"
    )


def _overlap(names, train_names):
    """Say how many names a model has learned, in this or another spelling."""
    learned = set(train_names)
    learned_spellings = set(spellings(train_names))
    n_exactly = sum(name in learned for name in names)
    pairs = zip(names, spellings(names), strict=True)
    n = sum(name in learned or spelt in learned_spellings for name, spelt in pairs)
    return (
        f"{n:,} rows ({n / len(names):.1%}) have a name of the training table, "
        f"{n_exactly:,} of them spelled identically"
    )
