"""What was sampled, measured and found: frozen NumPy records with coordinates, units and provenance. No torch."""
