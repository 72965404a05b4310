"""The model that ships with the package."""

from ._load_pretrained import load_card, load_pretrained
from ._predict_sets import predict_sets

__all__ = ["load_card", "load_pretrained", "predict_sets"]
