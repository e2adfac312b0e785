"""Under, critical, over: which side of the interpolation threshold a network is on, by counting."""

from landscape.errors import InputError
from landscape.records.base import Regime

_WORDS: dict[Regime, str] = {
    "under": "underparameterized",
    "critical": "critically parameterized",
    "over": "overparameterized",
}


def regime(P: int, N: int, K: int) -> Regime:  # noqa: N803
    """Regime of a network with ``P`` parameters on ``N`` training examples with ``K`` outputs each.

    ``"under"``: P < N. ``"critical"``: N <= P <= N * K. ``"over"``: P > N * K. Fitting every output of every example
    sets N * K equations for P unknowns, so beyond N * K there are more unknowns than equations; for classification the
    threshold in practice lies between N and N * K. A count, not a measurement: where a given network interpolates also
    depends on its depth, its training and the labels.

    Args:
        P: number of parameters, at least 1.
        N: number of training examples, at least 1.
        K: outputs per example, at least 1.

    Raises:
        InputError: if a count is below 1.

    References:
        Belkin et al. 2019, arXiv 1812.11118 (neural networks: the threshold at N * K); Nakkiran et al. 2020, arXiv
        1912.02292 (where it lies in practice).

    >>> [regime(P, N=10, K=3) for P in (9, 10, 30, 31)]
    ['under', 'critical', 'critical', 'over']
    """
    for name, count in (("P", P), ("N", N), ("K", K)):
        if count < 1:
            raise InputError(f"{name} = {count}; parameters P, examples N and outputs K must be at least 1")
    if P < N:
        return "under"
    return "critical" if P <= N * K else "over"


def describe(kind: Regime) -> str:
    """The regime in a word for people.

    Raises:
        InputError: if it is not a regime.

    >>> describe("over")
    'overparameterized'
    """
    if kind not in _WORDS:
        raise InputError(f"unknown regime {kind!r}; expected {', '.join(_WORDS)}")
    return _WORDS[kind]
