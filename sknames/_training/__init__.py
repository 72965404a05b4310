"""Train the network with torch and skorch."""
