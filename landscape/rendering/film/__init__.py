"""Frames, and the file they make."""
