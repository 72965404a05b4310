"""evaluate: score a model on names whose nationalities are known."""

from collections import Counter

import click
import numpy as np
from sklearn.metrics import accuracy_score, f1_score, recall_score

from .._model_files import load_model
from .._table_reader import TableReader
from .._workers import answering
from ._common import character, model_options, progress, say, table_options, with_names


@click.command()
@click.argument("model")
@table_options
@click.option(
    "--label", default="nationality", show_default=True, help="Column that holds the true labels."
)
@model_options
def evaluate(model, input, column, delimiter, encoding, label, jobs, trust_pickle):
    """Score MODEL (a file, or pretrained) on the nationalities in INPUT.

    Rows without a name or a label do not count. Rows with a label that the model does not know
    count as wrong, but not in the log loss.
    """
    load = (model, trust_pickle)
    fitted = load_model(*load)
    known = {str(value): i for i, value in enumerate(fitted.classes_)}
    pairs, loss, n_known, n_rows = Counter(), 0.0, 0, 0
    with (
        TableReader(input, character(delimiter), encoding) as reader,
        answering(fitted, load, jobs, 1, True) as answer,
        progress(reader.n_rows) as advance,
    ):
        for (chunk, missing), answers in answer(with_names(reader, column, label)):
            truth = chunk.texts(label, convert=True).to_numpy(zero_copy_only=False)[~missing]
            labelled = np.array([bool(value) for value in truth], dtype=bool)
            places = np.array([known.get(value, -1) for value in truth], dtype=np.intp)
            rows = np.flatnonzero(places >= 0)
            loss -= np.log(np.clip(answers[2][rows, places[rows]], 1e-15, 1)).sum()
            n_known += len(rows)
            found = fitted.classes_[answers[0][labelled, 0]].astype(str).tolist()
            pairs.update(zip(truth[labelled].tolist(), found, strict=True))
            n_rows += len(chunk)
            advance(len(chunk))
    if not n_known:
        raise ValueError(
            f"no row of {input} has a name and a label that the model knows: check --label, and "
            f"that labels are written as {', '.join(list(known)[:3])}, ..."
        )
    click.echo(_scores(pairs, loss / n_known))
    n_used = sum(pairs.values())
    say(
        f"{n_rows:,} rows: {n_used:,} used, {n_used - n_known:,} of them with labels that the "
        f"model does not know; {n_rows - n_used:,} without a name or a label"
    )


def _scores(pairs, log_loss):
    """Format the scores of {(true label, predicted label): number of rows} as text."""
    truth, found = zip(*pairs, strict=True)
    weights = list(pairs.values())
    labels = sorted(set(truth))
    recall = recall_score(
        truth, found, labels=labels, average=None, sample_weight=weights, zero_division=0
    )
    macro_f1 = f1_score(truth, found, average="macro", sample_weight=weights, zero_division=0)
    n_of = Counter()
    for (label, _), n in pairs.items():
        n_of[label] += n
    width = max(map(len, [*labels, "nationality"]))
    return "\n".join(
        [
            f"accuracy  {accuracy_score(truth, found, sample_weight=weights):.4f}",
            f"macro-F1  {macro_f1:.4f}",
            f"log loss  {log_loss:.4f}",
            "",
            f"{'nationality':{width}}  {'rows':>10}  recall",
            *(
                f"{label:{width}}  {n_of[label]:>10,}  {value:.4f}"
                for label, value in zip(labels, recall, strict=True)
            ),
        ]
    )
