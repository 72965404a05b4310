"""explain: show why a name gets its prediction."""

import unicodedata

import click
import numpy as np

from .._models.predict_names import predict_names
from .._models.stack import resolve
from ..inspection import character_importance, feature_contributions, prefix_proba
from .options import model_options

BAR = 24  # characters of the longest bar
N_FEATURES = 8


@click.command()
@click.argument("name")
@model_options
@click.option("--top", type=click.IntRange(1), default=3, help="How many labels.")
@click.option("--label", help="Explain this label. [default: the most probable one]")
def explain(name, model, top, label):
    """Show why a model gives NAME its nationality.

    For each character, as the model reads it, a bar shows how far the log odds of the
    nationality fall if the character is hidden: # is for the nationality, - against it.
    The last column has the prediction for a name that ends there. The last lines show
    what most separates the nationality from the next most probable one: n-grams, or the
    features of a model for own labels.
    """
    fitted = model.load()
    classes = fitted.classes_.astype(str).tolist()
    found = predict_names(fitted, [name], threshold=None)
    if found.reasons[0]:
        raise ValueError(
            f"{name!r} has no nationality to explain ({found.reasons[0]}): give a name"
        )
    label = dict(zip(classes, fitted.classes_.tolist(), strict=True)).get(label, label)
    best = np.argsort(-found.proba[0], kind="stable")[:top]
    width = max(len(classes[k]) for k in best)
    lines = [f"{classes[k]:{width}}  {found.proba[0, k]:6.1%}" for k in best]
    is_read = resolve(fitted).encoder is not None
    if is_read:
        shown = character_importance(fitted, name, label=label)
        without = f" without {', '.join(shown.dropped)}" if shown.dropped else ""
        lines.insert(0, f"{name}, read{without} as {''.join(shown.characters)}")
        lines += ["", *_characters(shown, prefix_proba(fitted, name).proba, classes)]
    try:
        lines += [
            "",
            *_features(feature_contributions(fitted, name).log_odds(label), is_read),
        ]
    except TypeError as error:  # of a classifier whose logits do not split
        if not is_read:
            what = "only models are explained that `sknames train` writes"
            raise click.UsageError(f"--model {model.source} is none: {what}") from error
    click.echo("\n".join(lines))


def _characters(shown, prefixes, classes):
    """Yield a line for each character: source, importance, prediction so far."""
    longest = np.abs(shown.importance).max()
    yield f"{'':6}{f'log odds of {shown.label}':{BAR + 8}}  if the name ended there"
    is_first = np.diff(shown.source_index, prepend=-1) != 0
    rows = zip(
        shown.characters,
        shown.sources,
        is_first,
        shown.importance,
        prefixes,
        strict=True,
    )
    for character, source, first, value, proba in rows:
        n = round(BAR * abs(value) / longest) if longest else 0
        bar = ("#" if value > 0 else "-") * n
        mark = source if first and source.lower() != character else " "
        k = proba.argmax()
        # East Asian characters fill two columns.
        mark += " " * (unicodedata.east_asian_width(mark) not in "WF")
        yield (
            f"{mark} {character}  {value:+6.2f} {bar:{BAR}}  "
            f"{classes[k]} {proba[k]:.0%}"
        )


def _features(odds, is_net):
    """Yield the features that best separate the label from the next most probable."""
    total = odds.contributions.sum()
    rest, features = (
        ("recurrent net", "n-grams") if is_net else ("intercept", "features")
    )
    yield (
        f"log odds of {odds.label} against {odds.other}: "
        f"{total + odds.intercept:+.2f}, of it {odds.intercept:+.2f} by the {rest} and "
        f"{total:+.2f} by {features}, most of all"
    )
    pairs = zip(odds.features[:N_FEATURES], odds.contributions, strict=False)
    yield "  " + "  ".join(f"{feature!r} {value:+.2f}" for feature, value in pairs)
