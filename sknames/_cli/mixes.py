"""Read shares of labels that a user knows: --priors and --against-mix."""

import os

from .tables import InputTable


def read_mix(source, option):
    """Return known shares by the text of a label, which --priors and others give.

    The source is pairs such as "Irish=.6,others=.4", or a table with the columns label
    and share, "-" for standard input.
    """
    mix = {}
    for label, share in _pairs(source, option):
        if not label:
            raise ValueError(f"{option} {source}: expected a label next to {share!r}")
        if label in mix:
            raise ValueError(f"{option} has {label!r} twice: give each label once")
        try:
            mix[label] = float(share)
        except ValueError:
            raise ValueError(
                f"{option} of {label!r} is {share!r}; expected a number from 0 to 1"
            ) from None
    return mix


def _pairs(source, option):
    """Yield labels and shares, as text."""
    if "=" in source and not os.path.isfile(source):
        for pair in source.split(","):
            label, _, share = pair.rpartition("=")
            yield label.strip(), share.strip()
        return
    if source != "-" and not os.path.exists(source):
        raise ValueError(
            f"{option} {source}: no such file: check the path, or give pairs such as "
            "Turkish=.5,others=.5"
        )
    table = InputTable(source, encoding="auto")
    for chunk in table:
        labels = table.texts(chunk, "label", option)
        shares = table.texts(chunk, "share", option)
        yield from zip(labels, shares, strict=True)


def mix_of_classes(mix, classes):
    """Return shares by label of a model, whose labels may be other than text."""
    label_of_text = {str(label): label for label in classes.tolist()}
    return {label_of_text.get(text, text): share for text, share in mix.items()}
