"""The command line: one module per command, and what these modules share."""
