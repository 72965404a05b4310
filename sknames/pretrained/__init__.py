"""The model that ships with the package.

``python -m sknames.pretrained`` trains it again.
"""

from ._load_pretrained import load_card, load_pretrained

__all__ = ["load_card", "load_pretrained"]
