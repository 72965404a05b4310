"""What users hold of a list: shares, rates, comparisons and statistics."""
