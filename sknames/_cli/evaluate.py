"""evaluate: score a model on names whose nationalities are known."""

from contextlib import closing

import click
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from .._base.unwrap import labels_as_predicted
from .._encoding.spelling_groups import spelling_groups
from .._name_encoder import NameEncoder
from ..metrics._scorecard import ngram_svm, scorecard_from
from ..metrics._top_label import Z, wilson_interval
from .models import answers, load
from .options import (
    Table,
    jobs_option,
    label_option,
    model_option,
    say,
    table_options,
    trust_option,
)
from .tables import CHUNK_ROWS

N_FOLDS = 5


@click.command()
@table_options
@model_option
@label_option
@click.option("--train", help="Table that the model was trained on, to find its names in INPUT.")
@click.option(
    "--against",
    type=click.Choice(["ngrams"]),
    help="Compare with models that learn the labels of INPUT, in cross-validation.",
)
@jobs_option
@trust_option
def evaluate(table, model, label, train, against, jobs, trust_pickle):
    """Score a model on the nationalities in INPUT.

    It prints accuracy, recall and precision of each nationality, and the most frequent confusions.
    Rows without a name or a label do not count. Labels that the model does not know count as wrong.
    """
    fitted = load(model, trust_pickle)
    classes = fitted.classes_.astype(str)
    names, labels, n_rows = table.labelled_names(label)
    labels = labels_as_predicted(fitted, labels)
    n_unknown = len(labels) - int(np.isin(labels, classes).sum())
    if train is not None:
        *train, _ = Table(train, table.column, *table.dialect).labelled_names(label)
        train[1] = labels_as_predicted(fitted, train[1])
    chunks = ((None, names[k : k + CHUNK_ROWS]) for k in range(0, len(names), CHUNK_ROWS))
    with closing(answers(chunks, (model, trust_pickle), jobs, 1, True, True)) as answered:
        found = [(a[:, 0], b.astype(np.float32), known) for _, (a, _, b, known) in answered]
    places, proba, known = (
        None if part[0] is None else np.concatenate(part) for part in zip(*found, strict=True)
    )
    card = scorecard_from(names, labels, classes[places], proba, classes, train, known)
    click.echo(card.to_text())
    if against:
        click.echo("\n" + "\n".join(_compare(names, labels, classes[places], model)))
    say(
        f"{n_rows:,} rows: {len(names):,} used, {n_unknown:,} of them with labels that the model "
        f"does not know; {n_rows - len(names):,} without a name or a label"
    )


def _compare(names, labels, predicted, model):
    """Yield a table of the model and of two that learn the labels."""
    labels = np.array(labels)
    known, counts = np.unique(labels, return_counts=True)
    if np.count_nonzero(counts >= N_FOLDS) < 2:
        raise ValueError(f"--against needs two labels with {N_FOLDS} names or more: give more rows")
    split = {"groups": spelling_groups(names)}
    split["cv"] = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
    logreg, features = LogisticRegression(C=10), NameEncoder().fit_transform(names)
    ngrams = cross_val_predict(ngram_svm(), np.array(names, dtype=object), labels, **split)
    found = {
        "n-grams + LinearSVC": ngrams,
        "NameEncoder + LogisticRegression": cross_val_predict(logreg, features, labels, **split),
        model: predicted,
    }
    width = max(map(len, found))
    yield f"{'':{width}}  accuracy (95 %)            macro-F1  less n-grams (95 %)"
    for title, answered in found.items():
        hits = answered == labels
        low, high = wilson_interval(hits.mean(), len(hits))
        f1 = f1_score(labels, answered, labels=known, average="macro", zero_division=0)
        line = f"{title:{width}}  {hits.mean():.4f} ({low:.4f} to {high:.4f})  {f1:8.4f}"
        if answered is not ngrams:
            gain = hits - (ngrams == labels).astype(float)
            reach = Z * gain.std() / np.sqrt(len(gain))
            low, high = gain.mean() - reach, gain.mean() + reach
            line += f"  {gain.mean():+.4f} ({low:+.4f} to {high:+.4f})"
        yield line
