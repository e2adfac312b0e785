"""How ``landscape measure`` prints numbers: a block for each subject, a table for each comparison."""

from typing import Any

QUANTITIES = ("half-width", "half-width, L2")


def text(subject: str, values: dict[str, Any]) -> str:
    """Everything that was measured of one subject."""
    lines = [
        f"{subject}: {values['network']}, P = {values['P']:,}, N = {values['N']:,}, K = {values['K']} "
        f"({values['regime']})"
    ]
    lines += _losses(values)
    for key, name in (("half_width", "half-width"), ("half_width_l2", "half-width, L2")):
        if values.get(key):
            lines.append(f"  {name:<17} {_estimate(values[key])}")
    area = values.get("sublevel_area")
    if area:
        sign = "" if area["bounded"] else "at least "
        lines.append(
            f"  {'sublevel area':<17} {sign}{area['area']:.4g} {area['unit']} "
            f"(loss at most {area['rise']:g} above the centre)"
        )
    if values.get("topology"):
        lines.append(f"  {'minima':<17} {_minima(values['topology'])}")
    across = values.get("corridor_width")
    if across:
        first, last = (f"{'' if across['bounded'][k] else 'at least '}{across['width'][k]:.4g}" for k in (0, -1))
        lines.append(f"  {'corridor width':<17} {first} at the start, {last} at the end of training, {across['unit']}")
    lines += _estimates(values)
    if "free_directions" in values:
        lines.append(f"  {'free directions':<17} {_free(values['free_directions'])}")
    return "\n".join(lines)


def _minima(found: dict[str, Any]) -> str:
    rough = "" if found["roughness"] is None else f"; roughness {found['roughness']:.2g}"
    if found["deepest"] == 0:
        return f"{found['minima']} in the plane{rough}"
    return (
        f"{found['minima']} in the plane, {found['persistent']} more persistent than {found['threshold']:g}, "
        f"deepest but the global {found['deepest']:.3g}; saddle-minimum average "
        f"{found['saddle_minimum_distance']:.3g}{rough}"
    )


def _free(free: dict[str, Any]) -> str:
    if free["explained"] is None:
        symmetries = "symmetries are counted for mlp only"
    else:
        symmetries = (
            f"{free['constant_inputs']:,} constant inputs, {free['gated_inputs']:,} gated inputs, "
            f"{free['rescalings']:,} rescalings, {free['dead_units']:,} dead units, {free['open']:,} open"
        )
    kept, dropped = (
        "none" if free[key] is None else f"{free[key]:.2g}" for key in ("smallest_kept", "largest_dropped")
    )
    if not free["exact"]:
        return (
            f"{free['P'] - free['rank_at_most']:,} to {free['free']:,} of {free['P']:,} on {free['N']:,} examples, "
            f"member {free['member']} ({symmetries}); the rank is at least {free['rank']:,}, "
            f"by {free['sketch']:,} random vectors"
        )
    return (
        f"{free['free']:,} of {free['P']:,} on {free['N']:,} examples, member {free['member']} ({symmetries}); "
        f"smallest singular value kept {kept}, largest dropped {dropped}"
    )


def _losses(values: dict[str, Any]) -> list[str]:
    if "loss" in values:
        loss, points = values["loss"], values["points"]
        diverged = f", {loss['diverged']} diverged" if loss["diverged"] else ""
        low, high = ("?" if loss[key] is None else f"{loss[key]:.4g}" for key in ("min", "max"))
        return [
            f"  {'training loss':<17} {low} to {high} {loss['unit']}, "
            f"{points['measured']} of {points['total']} points measured{diverged}"
        ]
    return [
        f"  {name.replace('_', ' '):<17} {sum(each) / len(each):.4g} (members {min(each):.4g} to {max(each):.4g})"
        for name, each in values["final"].items()
    ]


def _estimate(width: dict[str, Any]) -> str:
    at_least = f"at least (censored {width['censored']}) " if width["censored"] else ""
    over = f"{width['directions']} directions" + (f", {width['members']} members" if width["members"] > 1 else "")
    return (
        f"{at_least}{width['mean']:.4g}{_ends(width)} {width['unit']} "
        f"(+{width['rise']:g} nat, {over}, {'95 %' if _ends(width) else 'no'} interval)"
    )


def comparison(found: dict[str, Any]) -> str:
    """One subject against another, a line for each quantity."""
    head = ["", found["first"], found["second"], "ratio", "effect size", "intervals"]
    cells = [head, *(_row(one) for one in found["quantities"])]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
    title = f"{found['second']} against {found['first']}: means with 95 % intervals over members and directions"
    return "\n".join([title, *(f"  {line}" for line in lines)])


def _row(one: dict[str, Any]) -> list[str]:
    ratio, effect = one["ratio"], one["effect_size"]
    return [
        one["quantity"],
        _interval(one["first"]),
        _interval(one["second"]),
        "-" if ratio is None else _interval(ratio),
        "-" if effect is None else f"g = {effect:.3g}",
        {True: "overlap", False: "apart", None: "one number: none"}[one["overlap"]],
    ]


def _interval(estimate: dict[str, Any]) -> str:
    if estimate["low"] == estimate["high"]:
        return f"{estimate['mean']:.4g}"
    return f"{estimate['mean']:.4g}{_ends(estimate)}"


def _ends(estimate: dict[str, Any]) -> str:
    """The interval, empty for one number alone."""
    return "" if estimate["low"] == float("-inf") else f" [{estimate['low']:.4g}, {estimate['high']:.4g}]"


def _estimates(values: dict[str, Any]) -> list[str]:
    """Means over members with intervals, and how exact the numbers of each member are."""
    notes = _notes(values)
    lines = [
        f"  {name:<17} {_interval(one)} {one['unit']}{notes.get(name, '')}"
        for name, one in values.get("estimates", {}).items()
        if name not in QUANTITIES
    ]
    for found in values.get("density", ())[:1]:
        said = found["summary"]
        lines.append(
            f"  {'spectral density':<17} {said['num_probes']} probes of {found['steps']} steps, standard error "
            f"{100 * said['error']:.2g} % of the eigenvalues; trace {said['trace']:.4g} +- {said['trace_error']:.2g}"
        )
    for found in values.get("curvature", ())[:1]:
        for layer, one in found["layers"].items():
            top, low = one["top"]["values"][0], one["bottom"]["values"][0]
            lines.append(f"    {layer:<14} {low:.4g} to {top:.4g}, trace {one['trace']['value']:.4g} (first member)")
    return lines


def _notes(values: dict[str, Any]) -> dict[str, str]:
    each = values.get("curvature", [])
    if not each:
        return {}
    down = [one["bottom"]["negative"] for one in each]
    worst, low = (max(max(one[end]["residuals"]) for one in each) for end in ("top", "bottom"))
    size = len(each[0]["bottom"]["values"])
    signs = ", ".join(map(str, down))
    negative = f"; {signs} of the {size} lowest are negative" if any(down) else "; none is negative"
    notes = {
        "top eigenvalue": f" (residual at most {worst:.1g})",
        "lowest eigenvalue": f" (residual at most {low:.1g}){negative}",
    }
    for key, name in (("trace", "trace"), ("norm", "Frobenius norm")):
        error = max(one[key]["standard_error"] for one in each)
        notes[name] = f" (standard error at most {error:.2g} a member)" if error else " (exact)"
    return notes
