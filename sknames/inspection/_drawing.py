"""How the pictures write a name and its characters."""

import numpy as np

LUMA = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue are (ITU-R BT.601)


def check_characters(name, characters):
    """Raise ValueError if no character of the name is read: then there is nothing to draw."""
    if not len(characters):
        raise ValueError(f"There is nothing to draw: no character of {name!r} is read.")


def image_style(im_kwargs, **defaults):
    """Return keyword arguments of ``ax.imshow``: defaults, but for the given ones.

    A `norm` has limits of its own.
    """
    given = im_kwargs or {}
    if "norm" in given:
        defaults = {name: value for name, value in defaults.items() if name not in ("vmin", "vmax")}
    return defaults | given


def write_on(image, place, text, value, **kwargs):
    """Write on a cell (row, column) of an image, white where the colour of its value is dark."""
    color = "white" if image.to_rgba(value)[:3] @ LUMA < 0.5 else "black"
    return image.axes.text(*place[::-1], text, ha="center", va="center", color=color, **kwargs)


def title_of(name, characters):
    """Return the name, and how it is read where that differs by more than case.

    Characters that the font lacks are left out: matplotlib would draw boxes, and warn.
    """
    read = "".join(characters)
    if read == name.lower():
        return name
    return f"{name}, read as {read}" if _is_drawable(name) else f"read as {read}"


def ticks_of(characters):
    """Return the characters, with visible spaces."""
    return ["␣" if c == " " else c if _is_drawable(c) else "\ufffd" for c in characters]


def _is_drawable(text):
    from matplotlib.font_manager import FontProperties, findfont, get_font

    properties = FontProperties()
    fonts = []
    for family in properties.get_family():
        one = properties.copy()
        one.set_family(family)
        fonts.append(get_font(findfont(one)))
    return all(any(font.get_char_index(ord(c)) for font in fonts) for c in text)
