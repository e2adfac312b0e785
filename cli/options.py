"""Options of the commands: an annotated parameter is one, a frozen dataclass of them a group; each is written once."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import click

Decorator = Callable[[Callable[..., None]], Callable[..., None]]


@dataclass(frozen=True)
class Option:
    """How a parameter is asked for: ``points: Annotated[int, Option("Grid points a side.", 51)]`` is ``--points``.

    Args:
        help: one or two lines.
        default: shown in the help; None where nothing is chosen, which is False for a flag.
        flags: in place of the parameter's name with dashes.
        metavar: what stands for the value in the help.
        envvar: an environment variable that holds the default.
        parser: reads the value where the annotation does not say enough.
        hidden: whether the help leaves it out.
        required: whether the command needs it.
    """

    help: str
    default: str | float | None = None
    flags: tuple[str, ...] = ()
    metavar: str | None = None
    envvar: str | None = None
    parser: click.ParamType[Any] | None = None
    hidden: bool = False
    required: bool = False

    def decorator(self, name: str, annotation: object) -> Decorator:
        """The click option of a parameter with this name and annotation: a tuple may be given several times."""
        kind = _plain_type(annotation)
        settings: dict[str, Any] = {"multiple": get_origin(annotation) is tuple}
        if self.default is not None:
            settings |= {"default": self.default, "show_default": True}
        elif kind is bool:
            settings |= {"is_flag": True, "default": False if annotation is bool else None}
        return click.option(
            *(self.flags or (f"--{name.replace('_', '-')}",)),
            name,
            type=self.parser or kind,
            help=self.help,
            metavar=self.metavar,
            envvar=self.envvar,
            hidden=self.hidden,
            required=self.required,
            **settings,
        )


def options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of its signature, in that order; it is called with one object per group."""
    groups: dict[str, tuple[Callable[..., object], list[str]]] = {}
    decorators: list[Decorator] = []
    for name, annotation in get_type_hints(command, include_extras=True).items():
        members = {name: annotation}
        if isinstance(annotation, type) and is_dataclass(annotation):
            members = get_type_hints(annotation, include_extras=True)
            groups[name] = annotation, list(members)
        for member, hint in members.items():
            if get_origin(hint) is Annotated:
                kind, option = get_args(hint)
                decorators.append(option.decorator(member, kind))

    @functools.wraps(command)
    def grouped(**values: object) -> None:
        for name, (group, members) in groups.items():
            values[name] = group(**{member: values.pop(member) for member in members})
        command(**values)

    decorated: Callable[..., None] = grouped
    for decorate in reversed(decorators):  # click lists the options of the last decorator first
        decorated = decorate(decorated)
    return decorated


def _plain_type(annotation: object) -> object:
    """The type of one value: ``str`` of ``str | None``, of ``tuple[str, ...]`` and of literal words."""
    if get_origin(annotation) is Literal:
        return str
    parts = get_args(annotation)
    return _plain_type(parts[0]) if parts else annotation


def was_given(name: str) -> bool:
    """Whether the command line names an option of the running command."""
    return click.get_current_context().get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
