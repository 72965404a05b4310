"""Encode names as codes."""
