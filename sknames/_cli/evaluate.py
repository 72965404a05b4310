"""evaluate: score a model on names whose nationalities are known."""

import time
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
from .models import closing_words, predict_distinct
from .options import jobs_option, label_option, model_options, table_options
from .tables import ROWS_OF_CHUNK, InputTable

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
    start = time.perf_counter()
    fitted = model.load()
    stack = resolve(fitted)
    names, labels, n_rows = table.labelled_names(label)
    labels = np.array(stack.as_predicted(labels), dtype=object)
    if train:
        train_table = InputTable(train, table.column, table.dialect)
        train_names, train_labels, _ = train_table.labelled_names(label)
    if against:
        _check_folds(names, labels)
    classes = fitted.classes_.astype(str)
    n_unknown = (~np.isin(labels, classes)).sum()
    figures_of_model = {}
    if not against or n_unknown < len(names):
        distinct = predict_distinct(stack, _chunks_of(names), jobs, table)
        card, macro_f1 = _score(distinct, names, labels, classes)
        click.echo(f"{card.to_text()}\n" if against or train else card.to_text())
        figures_of_model[model.source] = card | {"macro_f1": macro_f1}
    if train:
        click.echo(_overlap(names, train_names))
        train_labels = stack.as_predicted(train_labels)
        baselines = _baselines(names, labels, train_names, train_labels)
        click.echo(_comparison(baselines | figures_of_model))
    if against:
        click.echo(_comparison(_cross_validated(names, labels) | figures_of_model))
    say(
        f"{n_rows:,} rows: {len(names):,} used, {n_unknown:,} of them with labels that "
        f"the model does not know; {n_rows - len(names):,} without a name or a label; "
        f"{closing_words(stack, start)}"
    )


def _chunks_of(names):
    """Yield chunks of names."""
    for start in range(0, len(names), ROWS_OF_CHUNK):
        yield names[start : start + ROWS_OF_CHUNK]


def _score(distinct, names, labels, classes):
    """Return the scorecard of a model, and its macro-F1 over the labels of the table.

    A model of more labels has no F1 in those that are not in the table.
    """
    predictions = predictions_of(distinct.stack, distinct.take(names), known_words=True)
    predicted = predictions.labels[:, 0].astype(str)
    proba = predictions.proba.astype(np.float32)
    card = scorecard_from(
        names, labels, predicted, proba, classes, predictions.known_words
    )
    macro_f1 = f1_score(
        labels, predicted, labels=np.unique(labels), average="macro", zero_division=0
    )
    return card, macro_f1


def _check_folds(names, labels):
    """Raise ValueError unless two labels have a different name for each fold."""
    distinct = set(zip(labels, spelling_groups(names).tolist(), strict=True))
    counts = sorted(Counter(label for label, _ in distinct).values())
    if len(counts) < 2 or counts[-2] < N_FOLDS:
        raise ValueError(
            f"--against needs two labels with {N_FOLDS} different names or more: give "
            "more rows"
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


def _baselines(names, labels, train_names, train_labels):
    """Return the figures of simple models with the same training names."""
    models = {"most frequent label": DummyClassifier(), NGRAMS: ngram_svm()}
    figures_of = {}
    for title, model in models.items():
        model.fit(train_names, train_labels)
        figures_of[title] = figures(labels, model.predict(names))
    return figures_of


def _cross_validated(names, labels):
    """Return the figures of two models, in folds that share no spelling."""
    cv = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
    folds = [*cv.split(names, labels, spelling_groups(names))]
    own_labels = make_own_labels_pipeline()
    models = {NGRAMS: ngram_svm(), "what `sknames train` fits": own_labels}
    figures_of = {}
    for title, model in models.items():
        predicted = cross_val_predict(model, names, labels, cv=folds)
        figures_of[title] = figures(labels, predicted)
    return figures_of


def _comparison(figures_of):
    """Return a table of the figures of models."""
    width = max(map(len, figures_of))
    ngrams = figures_of[NGRAMS]
    lines = [
        f"{'':{width}}  accuracy (95 %)            macro-F1  gain over n-grams (95 %)"
    ]
    for title, row in figures_of.items():
        low, high = row["accuracy_interval"]
        line = f"{title:{width}}  {row['accuracy']:.4f} ({low:.4f} to {high:.4f})"
        line += f"  {row['macro_f1']:8.4f}"
        if row is not ngrams:
            gain, low, high = accuracy_gain(row["is_right"], ngrams["is_right"])
            line += f"  {gain:+.4f} ({low:+.4f} to {high:+.4f})"
        lines.append(line)
    return "\n".join(lines)
