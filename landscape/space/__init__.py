"""Where to look: directions, and coordinates to parameters. It knows no loss."""
