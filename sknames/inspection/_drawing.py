"""How a name and its characters are written on pictures."""

import numpy as np
from matplotlib.font_manager import FontProperties, findfont, get_font

LUMA = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue are (ITU-R BT.601)


def check_characters(name, characters):
    """Raise ValueError if no character of the name is read, so that there is nothing to draw."""
    if not len(characters):
        raise ValueError(f"There is nothing to draw: no character of {name!r} is read.")


def image_style(im_kwargs, **defaults):
    """Keyword arguments of ``ax.imshow``, the given ones first; a `norm` has limits of its own."""
    given = im_kwargs or {}
    if "norm" in given:
        defaults = {name: value for name, value in defaults.items() if name not in ("vmin", "vmax")}
    return defaults | given


def ink_on(image, value):
    """White where the colour of a value in an image is dark, else black."""
    return "white" if image.to_rgba(value)[:3] @ LUMA < 0.5 else "black"


def legend_label(name):
    """A name as it is, of which dollar signs would make a formula."""
    return str(name).replace("$", r"\$")


def title_of(name, characters):
    """The name, and as what it is read where that differs by more than case.

    Characters that the font lacks are left out: matplotlib would draw boxes, and warn.
    """
    read = "".join(characters)
    if read == name.lower():
        return name
    return f"{name}, read as {read}" if _is_drawable(name) else f"read as {read}"


def ticks_of(characters):
    """The characters, spaces made visible."""
    return ["␣" if c == " " else c if _is_drawable(c) else "\ufffd" for c in characters]


def _is_drawable(text):
    properties = FontProperties()
    fonts = []
    for family in properties.get_family():
        one = properties.copy()
        one.set_family(family)
        fonts.append(get_font(findfont(one)))
    return all(any(font.get_char_index(ord(c)) for font in fonts) for c in text)
