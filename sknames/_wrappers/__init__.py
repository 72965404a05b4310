"""Wrap a fitted classifier: group labels, shift priors, abstain."""
