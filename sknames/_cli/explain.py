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


def _one_name(context, argument, words):
    """Return the only argument; raise UsageError if a shell has split the name."""
    if len(words) > 1:
        raise click.UsageError(f'Quote the name: sknames explain "{" ".join(words)}".')
    return words[0]


@click.command()
@click.argument("name", metavar="NAME", nargs=-1, required=True, callback=_one_name)
@model_options
@click.option("--top", type=click.IntRange(1), default=3, help="How many labels.")
@click.option(
    "--class",
    "--label",
    "label",
    help="Explain this label. [default: the most probable one]",
)
def explain(name, model, top, label):
    """Show why a model gives NAME its nationality.

    For each character, as the model reads it, a bar shows how far the log odds of the
    nationality fall if the character is hidden: # is for the nationality, - against it.
    The last column has the prediction for a name that ends there. The last lines show
    what most separates the nationality from the next most probable one: n-grams, or the
    features of a model for own labels.
    """
    fitted = model.load()
    prediction = predict_names(fitted, [name], threshold=None)
    reason = prediction.reasons[0]
    if reason:
        raise ValueError(
            f"{name!r} has no nationality to explain ({reason}): give a name"
        )
    classes = fitted.classes_.astype(str).tolist()
    if label in classes:
        label = fitted.classes_.tolist()[classes.index(label)]
    proba = prediction.proba[0]
    best = np.argsort(-proba, kind="stable")[:top]
    width = max(len(classes[k]) for k in best)
    lines = [f"{classes[k]:{width}}  {proba[k]:6.1%}" for k in best]
    stack = resolve(fitted)
    is_net = stack.encoder in stack.steps
    if is_net:
        shown = character_importance(fitted, name, label=label)
        without = f" without {', '.join(shown.dropped)}" if shown.dropped else ""
        lines.insert(0, f"{name}, read{without} as {''.join(shown.characters)}")
        lines += ["", *_characters(shown, prefix_proba(fitted, name).proba, classes)]
    try:
        log_odds = feature_contributions(fitted, name).log_odds(label)
        lines += ["", *_features(log_odds, is_net)]
    except TypeError as error:  # of a classifier whose logits do not split
        if not is_net:
            raise click.UsageError(
                f"--model {model.source} is none: only models are explained that "
                "`sknames train` writes"
            ) from error
    click.echo("\n".join(lines))


def _characters(shown, prefixes, classes):
    """Yield a line for each character: source, importance, prediction so far.

    `prefixes` has the probabilities of names that end there: (n_characters, n_classes).
    """
    longest = np.abs(shown.importance).max()
    yield f"{'':6}{f'log odds of {shown.label}':{BAR + 8}}  if the name ended there"
    is_first = np.diff(shown.source_index, prepend=-1) != 0
    for k, character in enumerate(shown.characters):
        value = shown.importance[k]
        n_marks = round(BAR * abs(value) / longest) if longest else 0
        bar = ("#" if value > 0 else "-") * n_marks
        source = " "
        if is_first[k] and shown.sources[k].lower() != character:
            source = shown.sources[k]
        if unicodedata.east_asian_width(source) not in "WF":
            source += " "  # East Asian characters fill two columns
        best = prefixes[k].argmax()
        yield (
            f"{source} {character}  {value:+6.2f} {bar:{BAR}}  "
            f"{classes[best]} {prefixes[k, best]:.0%}"
        )


def _features(log_odds, is_net):
    """Yield the features that best separate the label from the next most probable."""
    intercept = "recurrent net" if is_net else "intercept"
    features = "n-grams" if is_net else "features"
    total = log_odds.contributions.sum()
    yield (
        f"log odds of {log_odds.label} against {log_odds.other}: "
        f"{total + log_odds.intercept:+.2f}, of it {log_odds.intercept:+.2f} by the "
        f"{intercept} and {total:+.2f} by {features}, most of all"
    )
    pairs = zip(log_odds.features[:N_FEATURES], log_odds.contributions, strict=False)
    yield "  " + "  ".join(f"{feature!r} {value:+.2f}" for feature, value in pairs)
