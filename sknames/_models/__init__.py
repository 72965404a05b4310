"""Analyse fitted models as stacks of layers, and predict with them."""
