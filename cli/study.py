"""``landscape study``."""

from pathlib import Path
from typing import Any

import click

from . import options as opt

FILMS = (".mp4", ".webm", ".gif")


class _Widths(click.ParamType[Any]):
    """Whole numbers with commas between them."""

    name = "widths"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers."""
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of widths such as 4,64,512", param, ctx)


choices = opt.options(
    click.option("--quick", is_flag=True, help="Smaller sweeps: less than a minute or two each."),
    click.option(
        "--dataset", default="digits", show_default=True, help="digits, mnist, fashion-mnist, cifar10, or FILE.npz."
    ),
    click.option("--data-dir", help="Folder of the dataset's files."),
    click.option("--widths", type=_Widths(), metavar="W,W,...", help="Widths to compare; each study has its own."),
    click.option("--members", type=int, help="Networks per width and condition, at least 2."),
    click.option("--steps", type=int, help="Optimizer steps."),
    click.option("--num-train", type=int, help="Training examples; other data than the digits take 10,000 by default."),
    click.option("--image", metavar="FILE", help="Picture for the portrait; matplotlib's sample portrait by default."),
    click.option(
        "--seed",
        default=0,
        show_default=True,
        help="Seed of member 0, then counted up, and of all that is drawn; step it by 1000 for other members.",
    ),
)


@click.command(short_help="One claim of the document, measured: the verdict, its numbers and a figure.")
@click.argument("name", metavar="NAME")
@choices
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Draw to it: png, pdf or svg; film morph: mp4, webm or gif; or keep a copy of the result: h5.",
)
@click.option(
    "--format", "how", default="text", show_default=True, help="How tables are printed: text, markdown, latex or json."
)
@opt.runs
@opt.device
@opt.force
@opt.quiet
def command(name: str, output: str | None, how: str, force: bool, quiet: bool, **given: Any) -> None:
    """Measure one claim of the document: fit, memorization, reliability, solutions, field, double-descent, scaling,
    tradeoffs, portrait, morph, or all of them.

    Networks are trained once and shared by the studies; results are kept in the runs folder. A killed study goes on
    where it stopped. --force measures again.

    \b
    Examples:
      landscape study fit --quick
      landscape study reliability -o reliability.pdf
      landscape study tradeoffs --quick --format latex
      landscape study all --quick
      landscape study morph --quick -o morph.mp4
      landscape study field --dataset mnist --data-dir DIR
    """
    from landscape.study.catalogue import STUDIES, run_study, why_not
    from landscape.study.settings import Settings

    if how not in ("text", "markdown", "latex", "json"):
        raise click.BadParameter(f"unknown format {how!r}; expected text, markdown, latex or json")
    opt.torch_device(given["device"])
    settings = Settings(**given, progress=not quiet, command=opt.command_line())
    names = list(STUDIES) if name == "all" else [name]
    if output is not None:
        _check(output, names, force)
    results = []
    for each in names:
        if len(names) > 1 and (reason := why_not(each, settings)):
            click.echo(f"{each}: left out, {reason}", err=True)
            continue
        results.append(run_study(each, settings, force=force))
        if how != "json":
            click.echo(("\n" if len(results) > 1 else "") + _text(results[-1], how))
    if how == "json":
        opt.print_json(results[0].to_dict() if len(results) == 1 else {"studies": [each.to_dict() for each in results]})
    if output is not None:
        _write(results[0], output, force, quiet)
        click.echo(output, err=how == "json")


def _check(output: str, names: list[str], force: bool) -> None:
    """Refuse what could not be written, before anything is trained."""
    from landscape.files.surfaces import check_writable
    from landscape.rendering.film.movie import check_film
    from landscape.rendering.write import check_free, check_target

    if len(names) > 1:
        raise click.UsageError("--output takes the figure of one study; name it instead of all")
    suffix = Path(output).suffix.lower()
    if suffix in FILMS and names != ["morph"]:
        raise click.UsageError(f"only the study morph can be filmed, not {names[0]}; draw to png, pdf or svg")
    if suffix in FILMS:
        check_free(check_film(output), force=force)
    elif suffix == ".h5":
        check_writable(output, force=force)
    else:
        check_target(output, force=force)


def _write(result: Any, output: str, force: bool, quiet: bool) -> None:
    from landscape.files.findings import save_result
    from landscape.rendering.study import film_study, render_study

    suffix = Path(output).suffix.lower()
    if suffix in FILMS:
        film_study(result, output, progress=not quiet)
    elif suffix == ".h5":
        save_result(result, output, overwrite=force)
    else:
        render_study(result, output)


def _text(result: Any, how: Any) -> str:
    from landscape.study.tradeoffs import format_table

    if result.table is not None and how != "text":
        return format_table(result.table, how)
    lines = [f"{result.name}: {result.verdict}", f"  claim: {result.claim}", f"  refuted by: {result.refuted_by}"]
    if result.table is not None:
        lines += ["", *(f"  {line}" for line in format_table(result.table).splitlines())]
    else:
        size = max(len(number.name) for number in result.numbers)
        lines += [f"  {number.name:<{size}}  {number.text} ({number.how})" for number in result.numbers]
        lines += [f"  {remark.verdict}: {remark.text}" for remark in result.remarks]
    return "\n".join([*lines, f"  {result.command}"])
