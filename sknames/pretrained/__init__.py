"""Load shipped models, and load and save other models."""

from ._frozen_pipeline import FrozenPipeline
from ._load_pretrained import load_card, load_pretrained

__all__ = ["FrozenPipeline", "load_card", "load_pretrained"]
