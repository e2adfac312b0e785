"""Every interval, comparison, verdict and shape of a curve that the tool states: one definition each. NumPy alone."""
