"""Results of studies and sweeps to HDF5 and back.

A result file: root attributes ``format``, ``schema`` and ``description`` (JSON: all text and numbers); group ``plots``
with ``<plot>/<series>/`` holding ``x``, ``y``, ``low``, ``high``; ``pictures/<n>/`` with ``values`` and ``pieces``;
``surfaces/<n>/`` laid out like the root of a surface file. A sweep file: ``width``, ``seed`` and ``step`` as dimension
scales, one dataset (conditions, widths, steps, members) per metric, ``done`` and ``seconds`` per cell.
"""

import json
from typing import Any

import h5py
import numpy as np

from landscape.errors import FileError
from landscape.files import surfaces as store
from landscape.files.hdf5 import attribute, encode, length, open_file, read, write, write_attributes
from landscape.files.replace import FilePath, check_target, replace_file
from landscape.records.estimates import Number
from landscape.records.findings import Mark, Picture, Plot, Remark, Series, StudyResult, Sweep, Table
from landscape.records.sampled import Surface

RESULT_FORMAT, SWEEP_FORMAT = "landscape study", "landscape sweep"
SCHEMA = 1
_CURVES = ("x", "y", "low", "high")


def save_result(result: StudyResult, path: FilePath, *, overwrite: bool = True) -> None:
    """Write a study's result to an HDF5 file, all of it or nothing.

    Args:
        result: of a study.
        path: of the file; its folder must exist.
        overwrite: whether an existing file may be replaced.

    Raises:
        FileError: the file cannot be written, or exists and ``overwrite`` is off.
    """
    check_target(path, force=overwrite)
    replace_file(path, encode(lambda file: _write_result(file, result)))


def load_result(path: FilePath) -> StudyResult:
    """The result in a file, bit for bit as it was saved.

    Args:
        path: of the file.

    Returns:
        The claim, the verdict, and the numbers, plots, pictures and surfaces that belong to it.

    Raises:
        FileError: the file is missing, no result, of a newer schema, truncated or damaged.
    """
    with open_file(path) as file:
        _check_format(file, path, RESULT_FORMAT)
        description = _json(file, "description")
        plots = tuple(_read_plot(file, n, plot) for n, plot in enumerate(description.pop("plots")))
        titles = [picture["title"] for picture in description.pop("pictures")]
        pictures = tuple(_read_picture(file[f"pictures/{n}"], title) for n, title in enumerate(titles))
        surfaces = tuple(_read_surface(file, n) for n in range(len(description.pop("surfaces"))))
        numbers = tuple(Number(**number) for number in description.pop("numbers"))
        remarks = tuple(Remark(**remark) for remark in description.pop("remarks"))
        table = description.pop("table")
        return StudyResult(
            **description,
            numbers=numbers,
            remarks=remarks,
            plots=plots,
            pictures=pictures,
            surfaces=surfaces,
            table=None if table is None else Table(tuple(table["header"]), tuple(map(tuple, table["rows"]))),
        )


def save_sweep(sweep: Sweep, path: FilePath) -> None:
    """Write a sweep, complete or not, to an HDF5 file, all of it or nothing.

    Raises:
        FileError: the file cannot be written.
    """
    replace_file(path, encode(lambda file: _write_sweep(file, sweep)))


def load_sweep(path: FilePath) -> Sweep:
    """The sweep in a file, complete or not.

    Raises:
        FileError: the file is missing, no sweep, of a newer schema, truncated or damaged.
    """
    with open_file(path) as file:
        _check_format(file, path, SWEEP_FORMAT)
        conditions = tuple(attribute(file, "conditions", list))
        widths, step, seeds = (read(file, name, (length(file, name),)) for name in ("width", "step", "seed"))
        cells = (len(conditions), len(widths))
        names = store._check_metrics(attribute(file, "metrics", list))
        return Sweep(
            conditions=conditions,
            widths=tuple(int(width) for width in widths),
            P=tuple(attribute(file, "P", list)),
            N=attribute(file, "N", int),
            K=attribute(file, "K", int),
            seeds=tuple(int(seed) for seed in seeds),
            step=step,
            values={name: read(file, name, (*cells, len(step), len(seeds))) for name in names},
            done=read(file, "done", cells, np.uint8).astype(np.bool_),
            plan=_json(file, "plan"),
            seconds=read(file, "seconds", cells),
        )


def _write_result(file: h5py.File, result: StudyResult) -> None:
    write_attributes(file, {"format": RESULT_FORMAT, "schema": SCHEMA})
    description = result.to_dict()
    description["plots"] = [plot | {"series": _names(plot["series"])} for plot in description["plots"]]
    write_attributes(file, {"description": description})
    for number, plot in enumerate(result.plots):
        for order, series in enumerate(plot.series):
            group = file.create_group(f"plots/{number}/{order}")
            for name in _CURVES:
                write(group, name, getattr(series, name))
    for number, picture in enumerate(result.pictures):
        group = file.create_group(f"pictures/{number}")
        write(group, "values", picture.values, units="1", long_name=picture.title)
        write(group, "pieces", picture.pieces)
    for number, surface in enumerate(result.surfaces):
        store.write_record(file.create_group(f"surfaces/{number}"), surface)


def _write_sweep(file: h5py.File, sweep: Sweep) -> None:
    write_attributes(file, {"format": SWEEP_FORMAT, "schema": SCHEMA})
    write_attributes(file, {"conditions": list(sweep.conditions), "metrics": list(sweep.values)})
    write_attributes(file, {"P": list(sweep.P), "N": sweep.N, "K": sweep.K, "plan": dict(sweep.plan)})
    scales = [
        write(file, name, np.asarray(values, dtype=np.float64), units=unit)
        for name, values, unit in (
            ("width", sweep.widths, "1"),
            ("step", sweep.step, "step"),
            ("seed", sweep.seeds, "1"),
        )
    ]
    for scale, name in zip(scales, ("width", "step", "seed"), strict=True):
        scale.make_scale(name)
    for name, values in sweep.values.items():
        unit = store.unit_of(name, str(sweep.plan.get("recipe", {}).get("loss", "cross_entropy")))
        dataset = write(file, name, np.asarray(values, dtype=np.float64), units=unit)
        for axis, scale in enumerate(scales, start=1):
            dataset.dims[axis].attach_scale(scale)
    write(file, "done", sweep.done.astype(np.uint8))
    write(file, "seconds", np.asarray(sweep.seconds, dtype=np.float64), units="s")


def _check_format(file: h5py.File, path: FilePath, kind: str) -> None:
    if "format" not in file.attrs or attribute(file, "format", str) != kind:
        words = f"a {kind.removeprefix('landscape ')} file"
        raise FileError(f"{path} is HDF5, but not {words}; expected one made by `landscape study`")
    schema = attribute(file, "schema", int)
    if schema > SCHEMA:
        raise FileError(f"{path} has schema {schema}, this version reads {SCHEMA}; upgrade: pip install -U landscape")
    if schema < SCHEMA:
        raise ValueError(f"schema is {schema}, expected {SCHEMA}")


def _names(series: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"label": curve["label"], "style": curve["style"]} for curve in series]


def _json(file: h5py.File, name: str) -> Any:
    text = attribute(file, name, str)
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"the attribute {name} holds {text!r:.60}, expected an object")
    return value


def _read_plot(file: h5py.File, number: int, description: dict[str, Any]) -> Plot:
    series = []
    for order, curve in enumerate(description.pop("series")):
        group = file[f"plots/{number}/{order}"]
        x, y, low, high = (read(group, name, (length(group, "x"),)) for name in _CURVES)
        series.append(Series(curve["label"], x, y, low, high, curve["style"]))
    marks = tuple(Mark(**mark) for mark in description.pop("marks"))
    return Plot(**description, series=tuple(series), marks=marks)


def _read_picture(group: h5py.Group, title: str) -> Picture:
    shape = group["values"].shape
    return Picture(title, read(group, "values", shape), read(group, "pieces", shape))


def _read_surface(file: h5py.File, number: int) -> Surface:
    record = store.read_record(file[f"surfaces/{number}"])
    if not isinstance(record, Surface):
        raise ValueError(f"surfaces/{number} holds a profile")
    return record
