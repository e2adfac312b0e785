"""The half-width as a measure of networks: rays are sampled from each of them."""

from dataclasses import asdict

from landscape.measures.measure import Cost, Entry, Line, Measure, MeasureOptions, Part, Results, Words, plain
from landscape.measures.widths import RAY_QUANTITIES, HalfWidth, half_width
from landscape.objective.objective import Objective
from landscape.records.companions import Rays
from landscape.sampling.rays import sample_rays

# keeps clear of the seeds of planes
_SEED = 1000


def _parts(objective: Objective, options: MeasureOptions) -> dict[str, Part]:
    recipe = {"directions": options.directions, "seed": _SEED + options.seed, "strategy": options.strategy}

    def rays() -> Rays:
        return sample_rays(
            objective,
            num_directions=options.directions,
            seed=_SEED + options.seed,
            strategy=options.strategy,
            memory=options.memory,
        )

    return {"rays": Part({"measure": "half_width", **recipe}, lambda pieces, progress: plain(rays()))}


def _both_units(results: Results[Rays]) -> tuple[HalfWidth, HalfWidth]:
    filters, lengths = (
        half_width(results.records, rise=results.rise),
        half_width(results.records, rise=results.rise, unit="L2"),
    )
    return filters, lengths


def _summary(results: Results[Rays]) -> Entry:
    filters, lengths = _both_units(results)
    return {"half_width": asdict(filters), "half_width_l2": asdict(lengths)}


def _words(results: Results[Rays]) -> Words:
    filters, lengths = _both_units(results)
    return Words(heads=(Line("half-width", filters.text), Line("half-width, L2", lengths.text)))


HALF_WIDTH: Measure[Rays] = Measure(
    "half_width",
    parts=_parts,
    parse=lambda entries: Rays(**entries["rays"]),
    to_dict=plain,
    # a loss at a third of a product, at thirty points of a ray
    cost=lambda objective, options: Cost(products=10 * options.directions),
    quantities=RAY_QUANTITIES,
    summary=_summary,
    words=_words,
)
