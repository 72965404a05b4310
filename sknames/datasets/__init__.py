"""Load and generate names with their nationalities."""

from ._fetch_names import fetch_names
from ._load_names import load_names
from ._load_nationalities import load_countries, load_nationalities
from ._make_names import make_names

__all__ = [
    "fetch_names",
    "load_countries",
    "load_names",
    "load_nationalities",
    "make_names",
]
