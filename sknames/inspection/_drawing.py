"""Draw a name, its characters and pieces of it."""

import numpy as np

from .._encoding.char_encoder import REPLACEMENT

# Brightness of red, green and blue (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114])
LEAST_WRITTEN = 0.005  # probability; about 1 % when rounded


def draw_percentages(ax, shares, style):
    """Draw shares (n, k) as colours, with their percentages on them, from 1 on.

    `style` has keyword arguments of ``ax.imshow``. Return the image, and the texts that
    were drawn, (n, k), None where there is no text.
    """
    image = ax.imshow(shares, **style)
    drawn = np.full(shares.shape, None, dtype=object)
    for row, column in np.argwhere(shares >= LEAST_WRITTEN).tolist():
        share = shares[row, column]
        is_dark = image.to_rgba(share)[:3] @ LUMA < 0.5
        drawn[row, column] = ax.text(
            column,
            row,
            f"{100 * share:.0f}",
            ha="center",
            va="center",
            color="white" if is_dark else "black",
            fontsize="small",
        )
    ax.tick_params(length=0)
    return image, drawn


def title_of(name, characters):
    """Return a title: the name, and how the model reads it.

    What the model reads is left out if it differs only in case.
    """
    read_as = "".join(characters)
    if read_as == name.lower():
        return name
    title = f"read as {drawable(read_as)}"
    return title if drawable(name) != name else f"{name}, {title}"


def visible(pieces):
    """Return characters, or other pieces of a name, with visible spaces."""
    return [drawable(piece).replace(" ", "␣") for piece in pieces]


def drawable(text):
    """Replace characters that no font has: matplotlib would draw boxes and warn."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    families = FontProperties().get_family()
    fonts = [get_font(findfont(FontProperties(family=[family]))) for family in families]
    characters = []
    for character in text:
        code_point = ord(character)
        is_known = any(font.get_char_index(code_point) for font in fonts)
        characters.append(character if is_known else REPLACEMENT)
    return "".join(characters)
