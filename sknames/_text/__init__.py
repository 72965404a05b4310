"""What a name is, and how it is read: text in, text out."""
