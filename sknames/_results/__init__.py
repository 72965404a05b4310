"""The mix of a list: its maths, its shares and their pictures."""
