"""Study 8, trade-offs: the table of six aspects, every cell a measured number, narrow against wide."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from landscape.errors import InputError
from landscape.measures.freedom import FreeDirections, free_directions
from landscape.records.estimates import Number
from landscape.records.findings import Remark, StudyResult, Sweep, Table, Verdict
from landscape.sampling.solutions import member_of
from landscape.statistics.verdicts import joint_verdict, order_verdict
from landscape.study.memorization import RANDOM, random_sweep
from landscape.study.reliability import reliability_sweep, share_of, successes
from landscape.study.settings import Settings
from landscape.study.shared import TRUE, alive, at_width, main_run, main_sweep, pair_of, provenance_of, sweep_words
from landscape.study.solutions import examples_of, open_share

TableFormat: TypeAlias = Literal["text", "markdown", "latex"]

CLAIM = (
    "Narrow networks: capacity low, training error high, optimization hard, generalization poor, flexibility limited, "
    "little memorization; wide ones the opposite in all six."
)
REFUTATION = "an aspect whose narrow and wide numbers lie the other way round, with 95 % intervals apart"
HEADER = ("aspect", "measured as", "narrow", "wide", "document", "verdict")
MEMBERS = 3


@dataclass(frozen=True)
class Aspect:
    """One row of the table.

    Args:
        name: of the aspect.
        quantity: that stands for it.
        order: where the document puts narrow against wide.
        says: the document's two words.
        narrow: the quantity at narrow width.
        wide: the quantity at wide width.
    """

    name: str
    quantity: str
    order: Literal["below", "above"]
    says: str
    narrow: Number
    wide: Number

    @property
    def verdict(self) -> Verdict:
        """Undecided where the intervals overlap."""
        return order_verdict(self.narrow, self.order, self.wide)


def study(settings: Settings) -> StudyResult:
    """Six aspects measured at narrow and at wide width."""
    sweep = main_sweep(settings)
    aspects = _aspects(settings, sweep)
    rows = tuple((row.name, row.quantity, row.narrow.text, row.wide.text, row.says, row.verdict) for row in aspects)
    return StudyResult(
        name="tradeoffs",
        title="Six trade-offs",
        claim=CLAIM,
        refuted_by=REFUTATION,
        verdict=joint_verdict(*(aspect.verdict for aspect in aspects)),
        numbers=tuple(number for aspect in aspects for number in (aspect.narrow, aspect.wide)),
        remarks=tuple(
            Remark(f"{row.name}: {row.says}. Measured {row.narrow.text} and {row.wide.text}.", row.verdict)
            for row in aspects
        ),
        table=Table(HEADER, rows),
        command=settings.reproduce("tradeoffs"),
        provenance=provenance_of(settings, **sweep_words(sweep), free_examples=examples_of(settings)),
    )


def _aspects(settings: Settings, sweep: Sweep) -> list[Aspect]:
    train, test = sweep.error("train", TRUE), sweep.error("test", TRUE)
    noise = random_sweep(settings)
    accuracy = noise.final("train_accuracy", RANDOM)
    freedom = {width: _freedom(settings, width) for width in pair_of(sweep.widths)}
    on = f" on {freedom[sweep.widths[-1]][0].N} examples"
    return [
        _row(sweep, ("capacity", f"rank of the Jacobian / constraints,{on}", "below", "too low; very high"),
             lambda width: [member.rank / (member.N * member.K) for member in freedom[width]]),
        _row(sweep, ("training error", "share of training examples wrong", "above", "high; very low"),
             lambda width: train[sweep.widths.index(width)]),
        _optimization(settings),
        _row(sweep, ("generalization", "share of test examples wrong", "above", "poor; often better"),
             lambda width: test[sweep.widths.index(width)]),
        _row(sweep, ("flexibility", f"open free directions / P,{on}", "below", "limited; high"),
             lambda width: [open_share(member) for member in freedom[width]]),
        _row(noise, ("memorization", "random labels fitted", "below", "low; high"),
             lambda width: accuracy[noise.widths.index(width)]),
    ]  # fmt: skip


def _row(
    sweep: Sweep,
    words: tuple[str, str, Literal["below", "above"], str],
    values: Callable[[int], object],
) -> Aspect:
    name, quantity, order, says = words
    pair = pair_of(sweep.widths)
    narrow, wide = (at_width(name, width, np.asarray(values(width), dtype=np.float64), "share") for width in pair)
    return Aspect(name, quantity, order, says, narrow, wide)


def _optimization(settings: Settings) -> Aspect:
    sweep = reliability_sweep(settings)
    outcome = successes(sweep)
    narrow, wide = (share_of(sweep, outcome, width, "optimization") for width in pair_of(sweep.widths))
    quantity = f"share of runs reaching {outcome.target:.2g} nat"
    return Aspect("optimization", quantity, "below", "hard; easier", narrow, wide)


def _freedom(settings: Settings, width: int) -> list[FreeDirections]:
    run = main_run(settings, width)
    objectives = [member_of(run, member, device=settings.device).objective for member in alive(run)[:MEMBERS]]
    return [free_directions(member, examples=min(examples_of(settings), member.N)) for member in objectives]


def format_table(table: Table, how: TableFormat = "text") -> str:
    r"""A table as aligned text, as Markdown, or as LaTeX for the booktabs package.

    Raises:
        InputError: an unknown format.

    >>> print(format_table(Table(("a", "b"), (("1", "50 %"),)), "latex"))
    \begin{tabular}{ll}
    \toprule
    a & b \\
    \midrule
    1 & 50 \% \\
    \bottomrule
    \end{tabular}
    """
    rows = [table.header, *table.rows]
    if how == "text":
        sizes = [max(len(row[column]) for row in rows) for column in range(len(table.header))]
        return "\n".join("  ".join(map(str.ljust, row, sizes)).rstrip() for row in rows)
    if how == "markdown":
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        return "\n".join([lines[0], "|" + "---|" * len(table.header), *lines[1:]])
    if how == "latex":
        head, *body = (" & ".join(map(_latex, row)) + r" \\" for row in rows)
        columns = "l" * len(table.header)
        return "\n".join(
            [
                rf"\begin{{tabular}}{{{columns}}}",
                r"\toprule",
                head,
                r"\midrule",
                *body,
                r"\bottomrule",
                r"\end{tabular}",
            ]
        )
    raise InputError(f"unknown table format {how!r}; expected {', '.join(get_args(TableFormat))}")


def _latex(text: str) -> str:
    plain = "".join({"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}.get(char, char) for char in text)
    for char in "%&_#$":
        plain = plain.replace(char, "\\" + char)
    return plain
