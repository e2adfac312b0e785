"""Options of the commands: an annotated parameter is one, a frozen dataclass of them a group; each is written once."""

import functools
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import click

Decorator = Callable[[Callable[..., None]], Callable[..., None]]


class Option:
    """How a parameter is asked for: ``points: Annotated[int, Option("Grid points a side.", 51)]`` is ``--points``."""

    def __init__(
        self, text: str, default: str | float | None = None, flags: tuple[str, ...] = (), **settings: Any
    ) -> None:
        """An option whose type is the annotation's.

        Args:
            text: the help, one or two lines.
            default: shown in the help; None where nothing is chosen, which is False for a flag.
            flags: in place of the parameter's name with dashes.
            settings: further ones of `click.option`; ``type`` where the annotation does not say enough.
        """
        self.flags = flags
        self.settings = {"help": text, **settings}
        if default is not None:
            self.settings |= {"default": default, "show_default": True}

    def decorator(self, name: str, annotation: object) -> Decorator:
        """The click option of a parameter with this name and annotation: a tuple may be given several times."""
        settings: dict[str, Any] = {"type": _plain_type(annotation), "multiple": get_origin(annotation) is tuple}
        if settings["type"] is bool:
            settings |= {"is_flag": True, "default": False if annotation is bool else None}
        flags = self.flags or (f"--{name.replace('_', '-')}",)
        return click.option(*flags, name, **(settings | self.settings))


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
    def call(**values: object) -> None:
        for name, (group, members) in groups.items():
            values[name] = group(**{member: values.pop(member) for member in members})
        command(**values)

    wrapper: Callable[..., None] = call
    for decorate in reversed(decorators):  # click lists the options of the last decorator first
        wrapper = decorate(wrapper)
    return wrapper


def _plain_type(annotation: object) -> object:
    """The type of one value: ``str`` of ``str | None``, of ``tuple[str, ...]`` and of literal words."""
    if get_origin(annotation) is Literal:
        return str
    parts = get_args(annotation)
    return _plain_type(parts[0]) if parts else annotation


def was_given(name: str) -> bool:
    """Whether the command line names an option of the running command."""
    return click.get_current_context().get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
