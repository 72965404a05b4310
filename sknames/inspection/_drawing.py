"""Draw a name and its characters."""

import numpy as np

# How bright red, green and blue are (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114])


def check_characters(name, characters):
    """Raise ValueError if the model reads no character of the name."""
    if not len(characters):
        raise ValueError(f"Expected a name with a character to draw, got {name!r}.")


def write_on(image, cell, text, value, **kwargs):
    """Write on a cell (row, column) of an image, in white if its colour is dark."""
    row, column = cell
    is_dark = image.to_rgba(value)[:3] @ LUMA < 0.5
    color = "white" if is_dark else "black"
    return image.axes.text(
        column, row, text, ha="center", va="center", color=color, **kwargs
    )


def title_of(name, characters):
    """Return a title: the name, and how the model reads it.

    What the model reads is left out if it differs only in case.
    """
    if "".join(characters) == name.lower():
        return name
    read_as = f"read as {''.join(_drawable(characters))}"
    if not _is_drawable(name):
        return read_as
    return f"{name}, {read_as}"


def ticks_of(characters):
    """Return the characters, with visible spaces."""
    return ["␣" if c == " " else c for c in _drawable(characters)]


def _drawable(characters):
    """Replace what the font cannot draw: matplotlib would draw boxes and warn."""
    return [c if _is_drawable(c) else "\ufffd" for c in characters]


def _is_drawable(text):
    """Return whether some font has each character of a text."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    families = FontProperties().get_family()
    fonts = [get_font(findfont(FontProperties(family=[family]))) for family in families]
    for character in text:
        code_point = ord(character)
        if not any(font.get_char_index(code_point) for font in fonts):
            return False
    return True
