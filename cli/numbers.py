"""How ``landscape measure`` prints numbers: a block for each subject, a table for each comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from landscape.measures.ensembles import Measurements, Subject
    from landscape.measures.measure import Line
    from landscape.measures.quantities import MemberValues
    from landscape.measures.summary import RecordSummary
    from landscape.records.estimates import Estimate
    from landscape.records.provenance import Identity
    from landscape.statistics.comparison import Comparison


@dataclass(frozen=True)
class FileNumbers:
    """Everything that a surface file holds."""

    title: str
    summary: RecordSummary

    def quantities(self) -> dict[str, MemberValues]:
        """The numbers that are compared with other subjects."""
        return self.summary.quantities()

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return self.summary.to_dict()

    @property
    def text(self) -> str:
        """For people."""
        summary, loss = self.summary, self.summary.loss
        low, high = ("?" if value is None else f"{value:.4g}" for value in (loss.min, loss.max))
        diverged = f", {loss.diverged} diverged" if loss.diverged else ""
        points = f"{summary.num_measured} of {summary.num_points} points measured{diverged}"
        name = "example's loss" if summary.kind.startswith("input") else "training loss"
        numbers = {
            name: f"{low} to {high} {loss.unit}, {points}",
            "half-width": summary.half_width and summary.half_width.text,
            "half-width, L2": summary.half_width_l2 and summary.half_width_l2.text,
            "sublevel area": summary.sublevel_area,
            "minima": summary.topology,
            "corridor width": summary.corridor_width,
        }
        lines = [_label(label, str(value)) for label, value in numbers.items() if value is not None]
        return "\n".join([_head(self.title, summary.identity), *lines])


@dataclass(frozen=True)
class NetworkNumbers:
    """Everything that was measured of a run or a network."""

    title: str
    subject: Subject
    measurements: Measurements

    def quantities(self) -> dict[str, MemberValues]:
        """The numbers that are compared with other subjects."""
        return self.measurements.quantities()

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return {**self.subject.to_dict(), **self.measurements.to_dict()}

    @property
    def text(self) -> str:
        """For people."""
        words = self.measurements.words
        lines = [_label(name.replace("_", " "), _spread(values)) for name, values in self.subject.final.items()]
        lines += [_line(line) for part in words for line in part.heads]
        lines += _estimates(self.measurements)
        lines += [_line(line) for part in words for line in part.lines]
        lines += [_line(line) for part in words for line in part.details]
        return "\n".join([_head(self.title, self.subject), *lines])


@dataclass(frozen=True)
class ComparisonRow:
    """One subject against another."""

    first: str
    second: str
    comparisons: list[Comparison]

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        quantities = [comparison.to_dict() for comparison in self.comparisons]
        return {"first": self.first, "second": self.second, "quantities": quantities}

    @property
    def text(self) -> str:
        """For people, a line for each quantity."""
        cells = [["", self.first, self.second, "ratio", "effect size", "intervals"], *map(_cells, self.comparisons)]
        widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        title = f"{self.second} against {self.first}: means with 95 % intervals over members and directions"
        return "\n".join([title, *(f"  {line}" for line in lines)])


def _head(title: str, subject: Subject | Identity) -> str:
    if not subject.P:  # a grid of another program, or the surroundings of an input
        return f"{title}: {subject.network}".rstrip()
    sizes = f"P = {subject.P:,}, N = {subject.N:,}, K = {subject.K}"
    return f"{title}: {subject.network}, {sizes} ({subject.regime})"


def _label(label: str, text: str) -> str:
    return f"  {label:<17} {text}"


def _spread(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.4g} (members {min(values):.4g} to {max(values):.4g})"


def _line(line: Line) -> str:
    return f"    {line.label:<14} {line.text}" if line.inner else _label(line.label, line.text)


def _estimates(measurements: Measurements) -> Iterator[str]:
    """Means over members with intervals, and remarks on them; measures with lines of their own are left out."""
    for results in measurements.results:
        words = results.words
        if words.heads:
            continue
        for name, values in results.quantities().items():
            estimate = values.estimate
            yield _label(name, f"{_interval(estimate)} {estimate.unit}{words.notes.get(name, '')}")


def _cells(comparison: Comparison) -> list[str]:
    ratio, effect = comparison.ratio, comparison.effect_size
    return [
        comparison.quantity,
        _interval(comparison.first),
        _interval(comparison.second),
        "-" if ratio is None else _interval(ratio),
        "-" if effect is None else f"g = {effect:.3g}",
        {True: "overlap", False: "apart", None: "one number: none"}[comparison.overlap],
    ]


def _interval(estimate: Estimate) -> str:
    return f"{estimate.mean:.4g}" + ("" if estimate.low == estimate.high else estimate.ends(".4g"))
