"""Wrap any fitted classifier: group its labels, shift its priors, abstain, count known words."""
