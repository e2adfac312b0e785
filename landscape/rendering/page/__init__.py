"""Pages that work offline: a surface to turn, and the report."""
