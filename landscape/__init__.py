"""Seeing and measuring the loss landscape of neural networks.

Names are loaded when they are first used: ``import landscape`` alone loads neither torch nor VTK.

    import landscape as ls
    objective = ls.Objective(model, data, loss=torch.nn.functional.cross_entropy)
    surface = ls.sample(objective, ls.random_plane(objective, seed=0), points=51)
    surface.save("wide.h5"); ls.render(surface, "wide.pdf"); ls.half_width(surface)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from landscape.errors import LandscapeError as LandscapeError
    from landscape.evaluate.connections import path_between as path_between
    from landscape.evaluate.connections import sample_between as sample_between
    from landscape.evaluate.connections import sample_pairs as sample_pairs
    from landscape.evaluate.curves import train_curve as train_curve
    from landscape.evaluate.extent import Extent as Extent
    from landscape.evaluate.extent import choose_extent as choose_extent
    from landscape.evaluate.extent import common_extent as common_extent
    from landscape.evaluate.models import objective_along as objective_along
    from landscape.evaluate.models import objective_from as objective_from
    from landscape.evaluate.objective import Objective as Objective
    from landscape.evaluate.rays import sample_rays as sample_rays
    from landscape.evaluate.repeats import sample_repeats as sample_repeats
    from landscape.evaluate.sampling import sample as sample
    from landscape.evaluate.views import objective_of as objective_of
    from landscape.evaluate.views import subspace_of as subspace_of
    from landscape.foreign import save_li as save_li
    from landscape.measure.axes import eigen_plane as eigen_plane
    from landscape.measure.barriers import barrier as barrier
    from landscape.measure.barriers import barriers as barriers
    from landscape.measure.cross_sections import cross_section as cross_section
    from landscape.measure.curvature import Eigenpairs as Eigenpairs
    from landscape.measure.curvature import hessian_eigenpairs as hessian_eigenpairs
    from landscape.measure.curvature import hessian_extremes as hessian_extremes
    from landscape.measure.curvature import hessian_norm as hessian_norm
    from landscape.measure.curvature import hessian_trace as hessian_trace
    from landscape.measure.curvature_map import sample_curvature as sample_curvature
    from landscape.measure.freedom import FreeDirections as FreeDirections
    from landscape.measure.freedom import free_directions as free_directions
    from landscape.measure.products import hessian_product as hessian_product
    from landscape.measure.sharpness import epsilon_sharpness as epsilon_sharpness
    from landscape.measure.sharpness import noise_rise as noise_rise
    from landscape.measure.sharpness import worst_rise as worst_rise
    from landscape.measure.spectrum import spectral_density as spectral_density
    from landscape.measure.statistics import compare as compare
    from landscape.measure.topology import Topology as Topology
    from landscape.measure.topology import roughness as roughness
    from landscape.measure.topology import topology as topology
    from landscape.measure.widths import corridor_width as corridor_width
    from landscape.measure.widths import half_width as half_width
    from landscape.measure.widths import sublevel_area as sublevel_area
    from landscape.records import Profile as Profile
    from landscape.records import Surface as Surface
    from landscape.render.figure import render as render
    from landscape.render.report import render_report as render_report
    from landscape.render.study import render_study as render_study
    from landscape.results import StudyResult as StudyResult
    from landscape.space.alignment import Alignment as Alignment
    from landscape.space.alignment import align as align
    from landscape.space.checkpoints import read_direction as read_direction
    from landscape.space.checkpoints import read_path as read_path
    from landscape.space.curves import Curve as Curve
    from landscape.space.planes import path_plane as path_plane
    from landscape.space.planes import plane_through as plane_through
    from landscape.space.subspaces import corridor_along as corridor_along
    from landscape.space.subspaces import line_along as line_along
    from landscape.space.subspaces import line_between as line_between
    from landscape.space.subspaces import plane_along as plane_along
    from landscape.space.subspaces import random_line as random_line
    from landscape.space.subspaces import random_plane as random_plane
    from landscape.spectra import CrossSection as CrossSection
    from landscape.spectra import Spectrum as Spectrum
    from landscape.store import load as load
    from landscape.store import save as save
    from landscape.store_results import load_result as load_result
    from landscape.study.catalogue import run_study as run_study
    from landscape.train.checkpoints import load_weights as load_weights
    from landscape.train.recorder import PathRecorder as PathRecorder
    from landscape.train.recorder import lightning_callback as lightning_callback
    from landscape.train.recorder import trainer_callback as trainer_callback
    from landscape.train.runs import ensure_run as ensure_run
    from landscape.train.runs import open_run as open_run

_HOMES = {
    "Alignment": "space.alignment",
    "CrossSection": "spectra",
    "Curve": "space.curves",
    "Eigenpairs": "measure.curvature",
    "Extent": "evaluate.extent",
    "FreeDirections": "measure.freedom",
    "LandscapeError": "errors",
    "Objective": "evaluate.objective",
    "PathRecorder": "train.recorder",
    "Profile": "records",
    "Spectrum": "spectra",
    "StudyResult": "results",
    "Surface": "records",
    "Topology": "measure.topology",
    "align": "space.alignment",
    "barrier": "measure.barriers",
    "barriers": "measure.barriers",
    "choose_extent": "evaluate.extent",
    "common_extent": "evaluate.extent",
    "compare": "measure.statistics",
    "corridor_along": "space.subspaces",
    "corridor_width": "measure.widths",
    "cross_section": "measure.cross_sections",
    "eigen_plane": "measure.axes",
    "ensure_run": "train.runs",
    "epsilon_sharpness": "measure.sharpness",
    "free_directions": "measure.freedom",
    "half_width": "measure.widths",
    "hessian_eigenpairs": "measure.curvature",
    "hessian_extremes": "measure.curvature",
    "hessian_norm": "measure.curvature",
    "hessian_product": "measure.products",
    "hessian_trace": "measure.curvature",
    "lightning_callback": "train.recorder",
    "line_along": "space.subspaces",
    "line_between": "space.subspaces",
    "load": "store",
    "load_result": "store_results",
    "load_weights": "train.checkpoints",
    "noise_rise": "measure.sharpness",
    "objective_along": "evaluate.models",
    "objective_from": "evaluate.models",
    "objective_of": "evaluate.views",
    "open_run": "train.runs",
    "path_between": "evaluate.connections",
    "path_plane": "space.planes",
    "plane_along": "space.subspaces",
    "plane_through": "space.planes",
    "random_line": "space.subspaces",
    "random_plane": "space.subspaces",
    "read_direction": "space.checkpoints",
    "read_path": "space.checkpoints",
    "render_report": "render.report",
    "render_study": "render.study",
    "roughness": "measure.topology",
    "run_study": "study.catalogue",
    "sample": "evaluate.sampling",
    "sample_between": "evaluate.connections",
    "sample_curvature": "measure.curvature_map",
    "sample_pairs": "evaluate.connections",
    "sample_rays": "evaluate.rays",
    "sample_repeats": "evaluate.repeats",
    "save": "store",
    "save_li": "foreign",
    "spectral_density": "measure.spectrum",
    "sublevel_area": "measure.widths",
    "subspace_of": "evaluate.views",
    "topology": "measure.topology",
    "train_curve": "evaluate.curves",
    "trainer_callback": "train.recorder",
    "worst_rise": "measure.sharpness",
}

__all__ = ["__version__", "render", *_HOMES]


def __getattr__(name: str) -> Any:
    if name == "render":
        return import_module("landscape.render")
    if name not in _HOMES:
        raise AttributeError(f"module 'landscape' has no attribute {name!r}")
    return getattr(import_module(f"landscape.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
