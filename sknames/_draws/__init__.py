"""Draws of the shares of a list: numbers only, no model and no text."""
