"""explain: what a model sees in one name."""

import unicodedata

import click
import numpy as np

from .._model_files import load_model
from ..inspection import character_importance, ngram_contributions, prefix_proba
from ._common import show, trust_pickle_option

BAR = 24  # characters of the longest bar
N_NGRAMS = 8


@click.command()
@click.argument("name")
@click.option("--model", default="pretrained", show_default=True, help="A file, or pretrained.")
@click.option(
    "--top", type=click.IntRange(1), default=3, show_default=True, help="How many nationalities."
)
@click.option("--label", help="Explain this nationality. [default: the most probable one]")
@trust_pickle_option
def explain(name, model, top, label, trust_pickle):
    """Show why a model gives NAME its nationality.

    Of each character, as the model reads it, a bar says how far the log odds of the nationality
    fall if the character is hidden (# for it, - against it), and beside it stands what the model
    would say if the name ended there.
    """
    fitted = load_model(model, trust_pickle)
    classes = [str(value) for value in fitted.classes_.tolist()]
    if label is not None:
        if label not in classes:
            raise click.UsageError(
                f"--label {label!r}: give one of {', '.join(classes[:3])}, ... as the model has it"
            )
        label = fitted.classes_[classes.index(label)]
    found = character_importance(fitted, name, label=label)
    lines = _answers(found, classes, top)
    if len(found.characters):
        lines += ["", *_characters(found, prefix_proba(fitted, name).proba, classes)]
        lines += _ngrams(fitted, name, found)
    show("\n".join(lines))


def _answers(found, classes, top):
    read = "".join(found.characters)
    lines = [f"{found.name}, read as {read}" if read else f"{found.name!r}: nothing in it is read"]
    best = np.argsort(-found.proba, kind="stable")[:top]
    width = max(len(classes[k]) for k in best)
    return lines + [f"{classes[k]:{width}}  {found.proba[k]:6.1%}" for k in best]


def _characters(found, prefixes, classes):
    """A line for each character: where it comes from, its importance, the answer so far."""
    longest = np.abs(found.importance).max()
    yield f"{'':6}{f'log odds of {found.label}':{BAR + 8}}  if the name ended there"
    is_first = np.diff(found.source_places, prepend=-1) > 0
    rows = zip(found.characters, found.sources, is_first, found.importance, prefixes, strict=True)
    for character, source, first, value, proba in rows:
        n = round(BAR * abs(value) / longest) if longest else 0
        bar = ("#" if value > 0 else "-") * n
        shown = source if first and source.lower() != character else " "
        k = proba.argmax()
        yield f"{_pad(shown)} {character}  {value:+6.2f} {bar:{BAR}}  {classes[k]} {proba[k]:.0%}"


def _pad(character):
    """In a column of two; East Asian characters fill it."""
    return character + " " * (unicodedata.east_asian_width(character) not in "WF")


def _ngrams(model, name, found):
    """The n-grams that tell the label from the next best one."""
    try:
        parts = ngram_contributions(model, name)
    except TypeError:  # another classifier
        return
    is_label = found.classes == found.label
    if not len(parts.ngrams) or is_label.all():
        return
    k = is_label.argmax()
    other = np.where(is_label, -1, found.proba).argmax()
    more = parts.contributions[:, k] - parts.contributions[:, other]
    net = parts.net[k] - parts.net[other]
    yield ""
    yield (
        f"log odds of {found.label} against {found.classes[other]}: {more.sum() + net:+.2f}, "
        f"of it {net:+.2f} by the recurrent net and {more.sum():+.2f} by n-grams, most of all"
    )
    most = np.argsort(-np.abs(more), kind="stable")[:N_NGRAMS]
    yield "  " + "  ".join(f"{parts.ngrams[i]!r} {more[i]:+.2f}" for i in most)
