"""The version, in a room of its own so that nothing imports the front door."""

__version__ = "0.1.0"
