"""Estimate and draw the shares of a list, from numbers only."""
