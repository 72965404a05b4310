"""explain: show why a name gets its prediction."""

import unicodedata

import click
import numpy as np

from .._base.unwrap import split
from .._priors.predict_names import predict_names
from ..inspection import character_importance, ngram_contributions, prefix_proba
from .models import load
from .options import model_options

BAR = 24  # characters of the longest bar
N_NGRAMS = 8


@click.command()
@click.argument("name")
@model_options
@click.option("--top", type=click.IntRange(1), default=3, help="How many labels.")
@click.option("--label", help="Explain this label. [default: the most probable one]")
def explain(name, model, top, label):
    """Show why a model gives NAME its nationality.

    For each character, as the model reads it, a bar shows how far the log odds of the nationality
    fall if the character is hidden: # is for the nationality, - against it. The last column has
    the prediction for a name that ends there.
    """
    fitted = load(*model)
    if split(fitted)[0] is None:
        what = "only nets are explained, such as `sknames train --from-scratch` writes"
        raise click.UsageError(f"--model {model[0]} is none: {what}")
    classes = fitted.classes_.astype(str).tolist()
    label = dict(zip(classes, fitted.classes_.tolist(), strict=True)).get(label, label)
    reason = predict_names(fitted, [name], threshold=None).reasons[0]
    if reason:
        raise ValueError(f"{name!r} has no nationality to explain ({reason}): give a name")
    shown = character_importance(fitted, name, label=label)
    without = f" without {', '.join(shown.dropped)}" if shown.dropped else ""
    lines = [f"{name}, read{without} as {''.join(shown.characters)}"]
    best = np.argsort(-shown.proba, kind="stable")[:top]
    width = max(len(classes[k]) for k in best)
    lines += [f"{classes[k]:{width}}  {shown.proba[k]:6.1%}" for k in best]
    lines += ["", *_characters(shown, prefix_proba(fitted, name).proba, classes)]
    click.echo("\n".join(lines + [*_ngrams(fitted, name, shown)]))


def _characters(shown, prefixes, classes):
    """Yield a line for each character: its source, its importance, the prediction so far."""
    longest = np.abs(shown.importance).max()
    yield f"{'':6}{f'log odds of {shown.label}':{BAR + 8}}  if the name ended there"
    is_first = np.diff(shown.source_index, prepend=-1) != 0
    rows = zip(shown.characters, shown.sources, is_first, shown.importance, prefixes, strict=True)
    for character, source, first, value, proba in rows:
        n = round(BAR * abs(value) / longest) if longest else 0
        bar = ("#" if value > 0 else "-") * n
        mark = source if first and source.lower() != character else " "
        k = proba.argmax()
        # East Asian characters fill two columns.
        mark += " " * (unicodedata.east_asian_width(mark) not in "WF")
        yield f"{mark} {character}  {value:+6.2f} {bar:{BAR}}  {classes[k]} {proba[k]:.0%}"


def _ngrams(model, name, shown):
    """Yield the n-grams that separate the label most from the next most probable one."""
    try:
        ngrams = ngram_contributions(model, name)
    except TypeError:  # of a classifier without n-grams
        return
    is_label = shown.classes == shown.label
    if not len(ngrams.ngrams) or is_label.all():
        return
    k = is_label.argmax()
    other = np.where(is_label, -1, shown.proba).argmax()
    more = ngrams.contributions[:, k] - ngrams.contributions[:, other]
    net = ngrams.net[k] - ngrams.net[other]
    yield (
        f"\nlog odds of {shown.label} against {shown.classes[other]}: {more.sum() + net:+.2f}, "
        f"of it {net:+.2f} by the recurrent net and {more.sum():+.2f} by n-grams, most of all"
    )
    most = np.argsort(-np.abs(more), kind="stable")[:N_NGRAMS]
    yield "  " + "  ".join(f"{ngrams.ngrams[i]!r} {more[i]:+.2f}" for i in most)
