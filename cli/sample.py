"""``landscape sample``."""

from dataclasses import replace
from typing import Any

import click

from . import shared as opt
from .networks import refuse_own_options


@click.command(short_help="Measure a plane, corridor, line or path and keep it as HDF5.")
@opt.model
@click.option(
    "--view",
    default="plane",
    show_default=True,
    help="plane, corridor, line, path-plane (principal components of the "
    "training path) or path-line (start of training to solution).",
)
@click.option(
    "--direction",
    "directions",
    multiple=True,
    metavar="WHAT",
    help="One for a line, two for a plane: random, top, "
    "second or bottom (Hessian eigenvectors), gradient, another network, or a file (safetensors, npz, pt; Li et al.'s "
    "h5). Only random ones are normalized, unless --normalize is given.",
)
@click.option("--through", multiple=True, metavar="NAME:MEMBER", help="Line through two networks, plane through three.")
@click.option("--checkpoints", metavar="DIR", help="A training path: a folder of state dictionaries named by step.")
@click.option("--orthogonalize", "orthogonal", is_flag=True, help="Take direction 1 out of direction 2 of a plane.")
@click.option(
    "--curvature",
    is_flag=True,
    help="Also the Hessian's extreme eigenvalues, its trace and the norm of the gradient at each point, as metrics to "
    "draw: about 60 gradients a point.",
)
@click.option("--repeats", default=1, show_default=True, help="Mean and band over so many seeds of random directions.")
@click.option(
    "--store-directions/--no-store-directions",
    default=None,
    help="Keep the directions in the file, 4 bytes per "
    "parameter each; by default those of --direction that no seed draws again, up to 64 MiB.",
)
@click.option("-o", "--output", metavar="FILE.h5", help="By default NAME.h5, or NAME-VIEW.h5.")
@opt.own
@opt.sampling
@opt.runs
@opt.force
@opt.as_json
def command(model: str | None, output: str | None, as_json: bool, **given: Any) -> None:
    """Measure loss and accuracy on a grid around one trained network, or through several.

    A model of your own is named by a function without arguments that returns it, and so are its data: pairs (x, y),
    dictionaries for model(**batch).loss, a tuple (train, test), or {"data": ..., "loss": ...} with any argument of
    landscape.Objective.

    A complete file of the same recipe is kept, an interrupted one is gone on with; anything else in its place is
    refused, unless --force.

    \b
    Examples:
      landscape sample --model wide -o wide.h5
      landscape sample --model wide --tolerance 0.005 -o wide-fast.h5
      landscape sample --model narrow:3 --view corridor --repeats 10 -o tunnel.h5
      landscape sample --model wide --view path-plane -o path.h5
      landscape sample --model narrow --direction top --direction bottom --extent 1 -o eigen.h5
      landscape sample --model narrow --points 21 --curvature -o curved.h5
      landscape sample --through narrow:0 --through narrow:1 --through narrow:2 -o three.h5
      landscape sample --model my_model:make --weights net.pt --data my_model:data -o mine.h5
      landscape sample --model my_model:make --checkpoints path --data my_model:data --view corridor
    """
    context = click.get_current_context()
    given["normalize_given"] = context.get_parameter_source("normalize") is not click.core.ParameterSource.DEFAULT
    _refuse_mismatch(context, model, given)
    records = _through(output, given) if given["through"] else _around(model or "", output, given)
    if as_json:
        found = [_values(target, record) for target, record in records]
        opt.print_json(found[0] if len(found) == 1 else found)
        return
    for target, record in records:
        click.echo(_text(target, record))


def view_of(solution: Any, view: str, path: str | None, given: dict[str, Any]) -> Any:
    """A view of a solution, measured where it is missing."""
    from landscape.measures.curvature_map import sample_curvature
    from landscape.sampling.views import sample_view, subspace_of

    draw = {"seed": given["direction_seed"], "normalize": given["normalize"], "ignore": given["ignore"]}
    draw |= {"orthogonal": given.get("orthogonal", False), "keep": bool(given.get("store_directions"))}
    record: Any = sample_view(
        solution,
        view,  # type: ignore[arg-type]
        repeats=given.get("repeats", 1),
        **draw,
        **_grid(path, given["force"], given),
    )
    if not given.get("curvature"):
        return record
    subspace = subspace_of(solution, view, **draw)  # type: ignore[arg-type]
    return sample_curvature(solution.objective, subspace, record, path=path, **_curvature(given))


def solutions_of(model: str, given: dict[str, Any]) -> tuple[Any, ...]:
    """The networks of that name, trained where they are missing."""
    from landscape.sampling.solutions import open_solutions

    from .networks import opening

    return open_solutions(model, **opening(model, given))


def extent_for(solutions: tuple[Any, ...], view: str, given: dict[str, Any]) -> Any:
    """The extent that was given, or else one for all networks, the largest of those that each would have."""
    from landscape.sampling.extent import common_extent
    from landscape.sampling.views import extent_of

    if given["extent"] is not None or len(solutions) == 1:
        return given["extent"]
    draw = {"seed": given["direction_seed"], "normalize": given["normalize"], "ignore": given["ignore"]}
    return common_extent([extent_of(solution, view, **draw) for solution in solutions])  # type: ignore[arg-type]


def _around(model: str, output: str | None, given: dict[str, Any]) -> list[tuple[str, Any]]:
    from landscape.errors import InputError
    from landscape.sampling.solutions import file_stem
    from landscape.sampling.views import PATH_VIEWS

    solutions, view = solutions_of(model, given), given["view"]
    if output is not None and len(solutions) > 1:
        raise click.UsageError("-o names one file, but pair is two; sample narrow and wide by themselves")
    if given["checkpoints"] and not given["directions"] and view not in PATH_VIEWS:
        raise InputError(f"a {view} needs no checkpoints; they are for {', '.join(PATH_VIEWS)}")
    if not given["directions"]:
        given["extent"] = extent_for(solutions, view, given)
    records = []
    for solution in solutions:
        name = solution.folder.name if solution.folder else file_stem(model)
        if given["directions"]:
            target = output or f"{name}-directions.h5"
            records.append((target, _along(solution, target, given)))
        else:
            target = output or f"{name}{'' if view == 'plane' else '-' + view}.h5"
            records.append((target, view_of(solution, view, target, given)))
    return records


def _along(solution: Any, target: str, given: dict[str, Any]) -> Any:
    from .directions import along

    return _measured(solution.objective, along(solution.objective, given["directions"], **given), target, given)


def _through(output: str | None, given: dict[str, Any]) -> list[tuple[str, Any]]:
    from landscape.sampling.views import subspace_through

    from .networks import solution_of

    target = output or "through.h5"
    solutions = [solution_of(spec, **given) for spec in given["through"]]
    subspace: Any = replace(subspace_through(solutions), keep=bool(given["store_directions"]))
    return [(target, _measured(solutions[0].objective, subspace, target, given))]


def _measured(objective: Any, subspace: Any, target: str, given: dict[str, Any]) -> Any:
    from landscape.measures.curvature_map import sample_curvature
    from landscape.sampling.grid import sample

    record: Any = sample(objective, subspace, **_grid(target, given["force"], given))
    if not given["curvature"]:
        return record
    return sample_curvature(objective, subspace, record, path=target, **_curvature(given))


def _curvature(given: dict[str, Any]) -> dict[str, Any]:
    return {"memory": opt.num_bytes(given["memory"]), "progress": not given["quiet"]}


def _grid(path: str | None, force: bool, given: dict[str, Any]) -> dict[str, Any]:
    return {
        **{key: given[key] for key in ("points", "extent", "rays", "tolerance", "strategy")},
        "memory": opt.num_bytes(given["memory"]),
        "tf32": given["dtype"] == "tf32",
        "path": path,
        "overwrite": force,
        "command": opt.command_line(),
        "progress": not given["quiet"],
    }


def _refuse_mismatch(context: click.Context, model: str | None, given: dict[str, Any]) -> None:
    """One way to say where to look: --view, --direction or --through."""
    if given["curvature"] and (given["repeats"] > 1 or given["batchnorm"] != "frozen"):
        raise click.UsageError("--curvature is that of one point of the network: leave out --repeats and --batchnorm")
    viewed = context.get_parameter_source("view") is not click.core.ParameterSource.DEFAULT
    if given["through"]:
        if model or viewed or given["directions"] or given["checkpoints"] or given["repeats"] > 1:
            raise click.UsageError("--through names all the networks: leave out --model, --view and other directions")
        return
    if model is None:
        raise click.UsageError("say which model: --model narrow, wide, the name of a run, or package.module:factory")
    refuse_own_options(model, given)
    if given["directions"] and (viewed or given["checkpoints"] or given["repeats"] > 1):
        raise click.UsageError("--direction makes the view: leave out --view, --checkpoints and --repeats")


def _text(target: str, record: Any) -> str:
    from landscape.records.sampled import describe_points

    identity, recipe = record.provenance.identity, record.provenance.identity.subspace
    accuracy, making = record.provenance.accuracy, record.provenance.making
    points = ", ".join(describe_points(record.num_measured, record.status.size, accuracy))
    lines = [
        f"{target}: {record.kind} of {identity.model}, {points} "
        f"({making.strategy.split('/')[0]}, {making.wall_time:.1f} s, "
        f"error against float64 {accuracy.precision_error:.1e})"
    ]
    if identity.drawn_from:
        lines.append(
            f"  on {identity.N:,} of {identity.drawn_from:,} training examples: "
            f"standard error of the loss at the centre {accuracy.standard_error:.2g}"
        )
    if recipe.get("repeats"):
        lines.append(f"  mean of {recipe['repeats']} repeats, seeds {recipe['seeds']}, with their band")
    path, marks = getattr(record, "trajectory", None), getattr(record, "marks", None)
    if marks is not None:
        places = zip(marks.names, marks.alpha, marks.beta, marks.loss, strict=True)
        lines += [f"  {name} at ({a:.4g}, {b:.4g}), loss {loss:.4g}" for name, a, b, loss in places]
    if path is not None and path.gap is not None:
        lines.append(f"  the plane explains {100 * path.explained:.1f} % of the path's squared distance from its end")
        lines.append("      step  own loss     plane       gap")
        rows = zip(path.step, path.loss, path.on_plane, path.gap, strict=True)
        lines += [f"{step:10.0f} {own:9.4g} {plane:9.4g} {gap:9.4g}" for step, own, plane, gap in rows]
        worst = int(abs(path.gap).argmax())
        lines.append(f"  largest gap {path.gap[worst]:.4g} nats per example, at step {path.step[worst]:.0f}")
    return "\n".join(lines)


def _values(target: str, record: Any) -> dict[str, Any]:
    identity = record.provenance.identity
    path, marks = getattr(record, "trajectory", None), getattr(record, "marks", None)
    gap = path.gap if path is not None else None
    seen: Any = None if gap is None else path
    return {
        "file": target,
        "kind": record.kind,
        "model": identity.model,
        "points": {"measured": record.num_measured, "total": int(record.status.size)},
        "metrics": list(record.metrics),
        "subspace": dict(identity.subspace),
        "explained": None if seen is None else seen.explained,
        "largest_gap": None if gap is None else float(abs(gap).max()),
        "path": None
        if gap is None
        else {key: getattr(path, key).tolist() for key in ("step", "alpha", "beta", "loss", "on_plane", "gap")},
        "marks": None
        if marks is None
        else {"names": list(marks.names), **{key: getattr(marks, key).tolist() for key in ("alpha", "beta", "loss")}},
        "unit": "nats per example" if identity.loss == "cross_entropy" else identity.loss,
        "precision_error": record.provenance.accuracy.precision_error,
        "wall_time": record.provenance.making.wall_time,
    }
