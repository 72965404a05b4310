"""The training of the network, in torch and skorch."""
