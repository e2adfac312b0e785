"""Choices that hold where no other is made, for the functions of the library and the options of the commands alike.

The module imports nothing, so that ``landscape --help`` starts at once.
"""

# Values
LOSS = "train_loss"

# Networks and runs
DATASET = "digits"
DEFAULT_MEMBERS = 8
RUNS = "runs"

# Sampling
DEFAULT_POINTS = 51  # a side of a grid
DEFAULT_RAYS = 64
DEFAULT_MEMORY = 2**30  # bytes that a block of points may take
PATH_POINTS = 25  # from one solution to another
BEND_STEPS = 1500

# Measures
EIGENVALUES = 5  # at either end of the Hessian's spectrum

# Pictures
DPI = 300
SECONDS = 5.0
FRAMES = 24  # a second
PIXELS = (1280, 720)
