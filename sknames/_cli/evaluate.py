"""evaluate: score a model on names whose nationalities are known."""

from contextlib import closing

import click
import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix

from .._spelling import spellings
from .models import answers, load
from .options import Table, jobs_option, label_option, say, show, table_options, trust_option
from .tables import CHUNK_ROWS

N_CONFUSIONS, N_RESAMPLES = 5, 1000
Z = 1.96  # of a 95 % interval


@click.command()
@click.argument("model")
@table_options
@label_option
@click.option("--train", help="Table that MODEL was trained on, to score the other names apart.")
@jobs_option
@trust_option
def evaluate(table, model, label, train, jobs, trust_pickle):
    """Score MODEL (a file, or pretrained) on the nationalities in INPUT.

    Figures stand with their 95 % intervals. Rows without a name or a label do not count. Labels
    that the model does not know count as wrong.
    """
    classes = load(model, trust_pickle).classes_.astype(str)
    names, truth, n_rows = table.labelled_names(label)
    n_unknown = len(truth) - int(np.isin(truth, classes).sum())
    if n_unknown == len(truth):
        raise ValueError(
            f"the model knows no label of {table.name}: check --label, and that labels are written "
            f"as {', '.join(classes[:3])}, ..."
        )
    chunks = ((None, names[k : k + CHUNK_ROWS]) for k in range(0, len(names), CHUNK_ROWS))
    with closing(answers(chunks, (model, trust_pickle), jobs, min(3, len(classes)))) as answered:
        found = classes[np.concatenate([indices for _, (indices, *_) in answered])]
    truth = np.array(truth)
    lines = [*_report(truth, found)]
    if train is not None:
        learned = {*spellings(Table(train, table.column, *table.dialect).labelled_names(label)[0])}
        new = np.array([spelling not in learned for spelling in spellings(names)])
        right = truth[new] == found[new, 0]
        lines.insert(1, f"  on names that {train} lacks  {_share(right.sum(), len(right))}")
    show("\n".join(lines))
    say(
        f"{n_rows:,} rows: {len(truth):,} used, {n_unknown:,} of them with labels that the model "
        f"does not know; {n_rows - len(truth):,} without a name or a label"
    )


def _report(truth, found):
    """Yield lines of text: figures of all names, of each nationality, and confusions."""
    labels = np.unique([*truth, *found[:, 0]])
    matrix = confusion_matrix(truth, found[:, 0], labels=labels)
    n_true, n_predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    yield f"accuracy     {_share(accuracy_score(truth, found[:, 0], normalize=False), len(truth))}"
    yield f"macro-F1     {_macro_f1(matrix):.4f} ({' to '.join(_macro_f1_interval(matrix))})"
    yield f"first three  {_share((found == truth[:, None]).any(axis=1).sum(), len(truth))}\n"
    width = max(map(len, [*labels, "nationality"]))
    yield f"{'nationality':{width}}  {'n':>9}  {'recall':25}  precision"
    for k in np.argsort(-n_true, kind="stable"):
        recall, precision = (_share(matrix[k, k], n[k]) for n in (n_true, n_predicted))
        yield f"{labels[k]:{width}}  {n_true[k]:9,}  {recall:25}  {precision}"
    wrong = matrix - np.diag(np.diag(matrix))
    pairs = np.argsort(-wrong, axis=None, kind="stable")[:N_CONFUSIONS]
    for i, j in zip(*np.unravel_index(pairs, wrong.shape), strict=True):
        if wrong[i, j]:
            of_true = _share(wrong[i, j], n_true[i])
            yield f"{labels[i]} taken for {labels[j]}: {wrong[i, j]:,}, {of_true} of {labels[i]}"


def _share(k, n):
    """Return a share with its interval (Wilson 1927), as text."""
    if not n:
        return "-"
    share, scale = k / n, 1 + Z**2 / n
    centre = (share + Z**2 / (2 * n)) / scale
    half = Z * np.sqrt(share * (1 - share) / n + (Z / (2 * n)) ** 2) / scale
    return f"{share:.4f} ({max(0, centre - half):.4f} to {min(1, centre + half):.4f})"


def _macro_f1(matrix):
    n = matrix.sum(axis=0) + matrix.sum(axis=1)
    return np.mean(2 * np.diag(matrix)[n > 0] / n[n > 0])


def _macro_f1_interval(matrix):
    """Return percentiles of macro-F1 in resamples of the rows, as text."""
    n, rng = matrix.sum(), np.random.RandomState(0)  # the same command gives the same interval
    drawn = (rng.multinomial(n, matrix.ravel() / n) for _ in range(N_RESAMPLES))
    found = [_macro_f1(cells.reshape(matrix.shape)) for cells in drawn]
    return [f"{limit:.4f}" for limit in np.quantile(found, [0.025, 0.975])]
