"""Clean, normalize and judge names; all functions take and return text."""
