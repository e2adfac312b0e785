"""Surfaces for other programs: meshes and tables."""
