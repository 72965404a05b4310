"""Estimate the mix of a list, and predict under its priors."""
