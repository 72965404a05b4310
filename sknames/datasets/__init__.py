"""Datasets of names with their nationalities."""

from ._fetch_biographies import fetch_biographies
from ._fetch_chess_players import fetch_chess_players
from ._fetch_names import fetch_names
from ._load_names import load_names
from ._make_names import make_names

__all__ = ["fetch_biographies", "fetch_chess_players", "fetch_names", "load_names", "make_names"]
