"""evaluate: score a model on names whose nationalities are known."""

from collections import Counter

import click
import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from .._models.predict_names import predictions_of
from .._models.stack import resolve
from .._name_encoder import make_own_labels_pipeline
from .._text.spelling_groups import spelling_groups
from .._text.tidy import spellings
from ..metrics._scorecard import accuracy_gain, figures, ngram_svm, scorecard_from
from .files import say
from .models import predict_distinct
from .options import jobs_option, label_option, model_options, table_options
from .tables import CHUNK_ROWS, Table

N_FOLDS = 5
NGRAMS = "n-grams + LinearSVC"  # what others are compared with


@click.command()
@table_options
@model_options
@label_option
@click.option(
    "--train", help="Table that the model learned, to find its names and to compare."
)
@click.option(
    "--against",
    type=click.Choice(["ngrams"]),
    help="Compare with models of these labels.",
)
@jobs_option
def evaluate(table, model, label, train, against, jobs):
    """Score a model on the nationalities in INPUT.

    It prints accuracy, recall and precision of each nationality, and the most frequent
    confusions. Rows without a name or a label do not count. Labels that the model does
    not know count as wrong.
    """
    fitted = model.load()
    classes = fitted.classes_.astype(str)
    names, labels, n_rows = table.labelled_names(label)
    stack = resolve(fitted)
    labels = np.array(stack.as_predicted(labels), dtype=object)
    learned = train and Table(train, table.column, *table.dialect).labelled_names(label)
    n_unknown, others = len(names) - int(np.isin(labels, classes).sum()), {}
    if against:
        _check_folds(names, labels)
    if not against or n_unknown < len(names):
        chunks = (names[k : k + CHUNK_ROWS] for k in range(0, len(names), CHUNK_ROWS))
        distinct = predict_distinct(stack, chunks, jobs, table)
        listed = distinct.take(names)
        predictions = predictions_of(stack, listed, known_words=True)
        predicted, proba = (
            predictions.labels[:, 0].astype(str),
            predictions.proba.astype(np.float32),
        )
        card = scorecard_from(
            names, labels, predicted, proba, classes, predictions.known_words
        )
        click.echo(card.to_text() + "\n" * bool(against or learned))
        # A model of more labels has no F1 in those that are not in the table.
        known = np.unique(labels)
        f1 = f1_score(labels, predicted, labels=known, average="macro", zero_division=0)
        others[model.source] = card | {"macro_f1": f1}
    if learned:
        click.echo(_overlap(names, learned[0]))
        click.echo(
            "\n".join(_compare(_baselines(names, labels, stack, *learned[:2]) | others))
        )
    if against:
        click.echo("\n".join(_compare(_cross_validated(names, labels) | others)))
    say(
        f"{n_rows:,} rows: {len(names):,} used, {n_unknown:,} of them with labels that "
        f"the model does not know; {n_rows - len(names):,} without a name or a label"
    )


def _check_folds(names, labels):
    """Raise ValueError unless two labels have a different name for each fold."""
    pairs = set(zip(labels, spelling_groups(names).tolist(), strict=True))
    counts = sorted(Counter(label for label, _ in pairs).values())
    if len(counts) < 2 or counts[-2] < N_FOLDS:
        raise ValueError(
            f"--against needs two labels with {N_FOLDS} different names or more: give "
            "more rows"
        )


def _overlap(names, learned):
    """Say how many names a model has learned."""
    exactly, spelt = set(learned), set(spellings(learned))
    n_exactly = sum(name in exactly for name in names)
    n = sum(
        name in exactly or x in spelt
        for name, x in zip(names, spellings(names), strict=True)
    )
    share = f"{n:,} rows ({n / len(names):.1%})"
    return (
        f"{share} have a name of the training table, {n_exactly:,} of them spelled "
        "identically"
    )


def _baselines(names, labels, stack, learned, of_learned):
    """Return the figures of simple models with the same training names."""
    of_learned = stack.as_predicted(of_learned)
    dummy, ngrams = (
        m.fit(learned, of_learned) for m in (DummyClassifier(), ngram_svm())
    )
    models = {"most frequent label": dummy, NGRAMS: ngrams}
    return {
        title: figures(labels, model.predict(names)) for title, model in models.items()
    }


def _cross_validated(names, labels):
    """Return the figures of two models, in folds that share no spelling."""
    cv = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
    folds = [*cv.split(names, labels, spelling_groups(names))]
    models = {
        NGRAMS: ngram_svm(),
        "what `sknames train` fits": make_own_labels_pipeline(),
    }
    return {
        title: figures(labels, cross_val_predict(model, names, labels, cv=folds))
        for title, model in models.items()
    }


def _compare(rows):
    """Yield a table of the figures of models."""
    width, ngrams = max(map(len, rows)), rows[NGRAMS]
    yield f"{'':{width}}  accuracy (95 %)            macro-F1  gain over n-grams (95 %)"
    for title, row in rows.items():
        low, high = row["accuracy_interval"]
        line = f"{title:{width}}  {row['accuracy']:.4f} ({low:.4f} to {high:.4f})"
        line += f"  {row['macro_f1']:8.4f}"
        if row is not ngrams:
            gain, low, high = accuracy_gain(row["is_right"], ngrams["is_right"])
            line += f"  {gain:+.4f} ({low:+.4f} to {high:+.4f})"
        yield line
