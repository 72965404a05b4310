"""The encoding of names as codes."""
