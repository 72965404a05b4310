"""evaluate: score a model on names whose nationalities are known."""

from contextlib import closing

import click
import numpy as np

from ..metrics._scorecard import scorecard_from
from .models import answers, load
from .options import Table, jobs_option, label_option, say, table_options, trust_option
from .tables import CHUNK_ROWS


@click.command()
@click.argument("model")
@table_options
@label_option
@click.option("--train", help="Table that MODEL was trained on, to find its names in INPUT.")
@jobs_option
@trust_option
def evaluate(table, model, label, train, jobs, trust_pickle):
    """Score MODEL (a file, or pretrained) on the nationalities in INPUT.

    It prints the scorecard of sknames.metrics, with all nationalities. Rows without a name or a
    label do not count. Labels that the model does not know count as wrong.
    """
    classes = load(model, trust_pickle).classes_.astype(str)
    names, labels, n_rows = table.labelled_names(label)
    n_unknown = len(labels) - int(np.isin(labels, classes).sum())
    if train is not None:
        *train, _ = Table(train, table.column, *table.dialect).labelled_names(label)
    chunks = ((None, names[k : k + CHUNK_ROWS]) for k in range(0, len(names), CHUNK_ROWS))
    with closing(answers(chunks, (model, trust_pickle), jobs, 1, True, True)) as answered:
        found = [(a[:, 0], b.astype(np.float32), known) for _, (a, _, b, known) in answered]
    places, proba, known = (
        None if part[0] is None else np.concatenate(part) for part in zip(*found, strict=True)
    )
    card = scorecard_from(names, labels, classes[places], proba, classes, train, known)
    click.echo(card.to_text())
    say(
        f"{n_rows:,} rows: {len(names):,} used, {n_unknown:,} of them with labels that the model "
        f"does not know; {n_rows - len(names):,} without a name or a label"
    )
