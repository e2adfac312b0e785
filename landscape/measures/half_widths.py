"""The half-width as a measure of networks: rays are sampled from each of them."""

from dataclasses import asdict

from landscape.measures.measure import Cost, Entry, Line, Measure, MeasureOptions, Part, Results, Words, plain
from landscape.measures.widths import RAY_QUANTITIES, HalfWidth, half_width
from landscape.objective.objective import Objective
from landscape.records.companions import Rays
from landscape.records.loss_scale import LossScale
from landscape.sampling.rays import sample_rays

# keeps clear of the seeds of planes
_SEED = 1000
_COMMON = LossScale("cross_entropy")


def _parts(objective: Objective, options: MeasureOptions) -> dict[str, Part]:
    recipe = {"directions": options.directions, "seed": _SEED + options.seed, "strategy": options.strategy}
    reach = max(objective.scale.reach, options.rise or 0.0)

    def rays() -> Rays:
        return sample_rays(
            objective,
            num_directions=options.directions,
            seed=_SEED + options.seed,
            reach=reach,
            strategy=options.strategy,
            memory=options.memory,
        )

    # measures of earlier versions reached as far as a cross-entropy asks for
    further = {} if reach == _COMMON.reach else {"reach": reach}
    return {"rays": Part({"measure": "half_width", **recipe, **further}, lambda pieces, progress: _to_dict(rays()))}


def _to_dict(rays: Rays) -> Entry:
    """The fields of the rays by name; the scale of a mean cross-entropy goes without saying."""
    scale = {} if rays.scale == _COMMON else {"scale": asdict(rays.scale)}
    return {name: value for name, value in plain(rays).items() if name != "scale"} | scale


def _parse(entry: Entry) -> Rays:
    return Rays(**{**entry, "scale": LossScale(**entry["scale"]) if "scale" in entry else _COMMON})


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
    parse=lambda entries: _parse(entries["rays"]),
    to_dict=_to_dict,
    # a loss at a third of a product, at thirty points of a ray
    cost=lambda objective, options: Cost(products=10 * options.directions),
    quantities=RAY_QUANTITIES,
    summary=_summary,
    words=_words,
)
