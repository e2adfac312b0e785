"""Data in, trained networks out; the folders of runs."""
