"""The glossary of a report: its words and their meanings."""

from collections.abc import Sequence

from landscape.records.findings import StudyResult

# A word, what it means, and the studies whose sections use it; none for those that every section uses.
GLOSSARY: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "P, N, K",
        "Parameters of a network; training examples; outputs per example. P < N is called too few, P > N K more than "
        "enough: every output of every example is one constraint.",
        (),
    ),
    ("width", "Units of the hidden layer: all that differs between a narrow and a wide network.", ()),
    ("member", "One of several networks of one width that differ in their seed alone.", ()),
    (
        "[low, high]",
        "A 95 % interval, over members, pairs of them, or draws of data, by bootstrap; of shares of runs by Wilson's "
        "formula. Of a number without one, all members have the same, or it comes from one alone.",
        (),
    ),
    ("nat", "Unit of the loss (cross-entropy): guessing among K classes costs ln K nats an example.", ()),
    (
        "filter norm",
        "A step of length 1 along a random direction changes the weights into every unit by as much as their own "
        "norm, so that networks of different size and scale can be compared.",
        ("field", "morph"),
    ),
    (
        "corridor",
        "The loss along a network's own training path and, at every step of it, across along one random direction.",
        ("field", "morph"),
    ),
    (
        "half-width",
        "Distance from the end of training at which the loss has risen by 0.5 nat, over many random directions.",
        ("field",),
    ),
    (
        "sublevel area",
        "Area of a random plane through the solution in which the loss rises by at most 0.5 nat.",
        ("field",),
    ),
    ("open share", "Share of a corridor that lies within 0.5 nat of the training path.", ("morph",)),
    ("L2", "Plain distance: the root of the sum of squares of all changes of parameters.", ("field",)),
    (
        "barrier",
        "Highest rise of the loss along the straight line between two solutions, above the line between their losses.",
        ("solutions",),
    ),
    ("mean norm", "Distances between two solutions are divided by the geometric mean of their norms.", ("solutions",)),
    (
        "aligned, units matched",
        "After the hidden units of one network are put in the order that fits the other best, which changes no output.",
        ("solutions",),
    ),
    (
        "open free directions",
        "Directions in parameter space along which no output on the training examples changes, to first order, beyond "
        "those that could not matter (inputs that never vary, rescalings of a unit).",
        ("solutions", "tradeoffs"),
    ),
    ("rank of the Jacobian", "How many of the N K outputs can be changed independently.", ("tradeoffs",)),
    (
        "interpolation threshold",
        "The P / N from which on no training example is wrong (on average fewer than half of one).",
        ("fit", "memorization"),
    ),
    (
        "random features",
        "A network whose first layer stays random and whose second is solved exactly, without training.",
        ("double-descent",),
    ),
    ("exponent", "The s of a test loss that falls as 1 / P to the power of s.", ("scaling",)),
    (
        "dB PSNR",
        "Peak signal to noise: 20 dB is an error of a tenth of the span from black to white, 40 dB a hundredth.",
        ("portrait",),
    ),
)


def words_for(results: Sequence[StudyResult]) -> list[tuple[str, str]]:
    """Words and meanings that the sections of these studies need, in the order of the glossary."""
    names = {result.name for result in results}
    return [(word, meaning) for word, meaning, studies in GLOSSARY if not studies or names & set(studies)]
