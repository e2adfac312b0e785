# isort: skip_file
"""Every public name once, by section; `landscape.__getattr__` loads a name when it is first used."""

# Errors
from .errors import LandscapeError as LandscapeError

# Networks, data and runs
from .train.checkpoints import load_weights as load_weights
from .train.configs import read_config as read_config
from .train.datasets import load_dataset as load_dataset
from .train.networks import NetworkConfig as NetworkConfig
from .train.recipe import Recipe as Recipe
from .train.recorder import lightning_callback as lightning_callback
from .train.recorder import PathRecorder as PathRecorder
from .train.recorder import trainer_callback as trainer_callback
from .train.runs import ensure_run as ensure_run
from .train.runs import open_run as open_run
from .train.runs import presets as presets
from .train.runs import RunConfig as RunConfig

# Where to look
from .space.affine import line_along as line_along
from .space.affine import line_between as line_between
from .space.affine import plane_along as plane_along
from .space.affine import random_line as random_line
from .space.affine import random_plane as random_plane
from .space.alignment import align as align
from .space.alignment import Alignment as Alignment
from .space.checkpoints import read_direction as read_direction
from .space.checkpoints import read_path as read_path
from .space.corridors import corridor_along as corridor_along
from .space.curves import Curve as Curve
from .space.planes import path_plane as path_plane
from .space.planes import plane_through as plane_through

# The loss at many points
from .objective.objective import Objective as Objective
from .sampling.bend import train_curve as train_curve
from .sampling.connections import path_between as path_between
from .sampling.connections import sample_between as sample_between
from .sampling.connections import sample_pairs as sample_pairs
from .sampling.extent import choose_extent as choose_extent
from .sampling.extent import common_extent as common_extent
from .sampling.extent import Extent as Extent
from .sampling.grid import sample as sample
from .sampling.inputs import input_line as input_line
from .sampling.inputs import input_plane as input_plane
from .sampling.rays import sample_rays as sample_rays
from .sampling.repeats import sample_repeats as sample_repeats
from .sampling.solutions import file_stem as file_stem
from .sampling.solutions import open_members as open_members
from .sampling.solutions import open_solution as open_solution
from .sampling.solutions import open_solutions as open_solutions
from .sampling.solutions import Solution as Solution
from .sampling.solutions import solution_names as solution_names
from .sampling.views import check_view as check_view
from .sampling.views import extent_of as extent_of
from .sampling.views import sample_view as sample_view
from .sampling.views import subspace_of as subspace_of
from .sampling.views import subspace_through as subspace_through

# Numbers
from .measures.along import subspace_along as subspace_along
from .measures.axes import eigen_plane as eigen_plane
from .measures.barriers import barrier as barrier
from .measures.barriers import barriers as barriers
from .measures.barriers import mean_profile as mean_profile
from .measures.cross_sections import cross_section as cross_section
from .measures.curvature_map import sample_curvature as sample_curvature
from .measures.earlier import hessian_eigenpairs as hessian_eigenpairs
from .measures.earlier import hessian_extremes as hessian_extremes
from .measures.earlier import hessian_norm as hessian_norm
from .measures.earlier import hessian_product as hessian_product
from .measures.earlier import hessian_trace as hessian_trace
from .measures.eigenvalues import Eigenpairs as Eigenpairs
from .measures.eigenvalues import eigenpairs as eigenpairs
from .measures.eigenvalues import extreme_eigenpairs as extreme_eigenpairs
from .measures.ensembles import cost_of as cost_of
from .measures.ensembles import describe_members as describe_members
from .measures.ensembles import measure as measure
from .measures.ensembles import measure_members as measure_members
from .measures.ensembles import Measurements as Measurements
from .measures.freedom import free_directions as free_directions
from .measures.freedom import FreeDirections as FreeDirections
from .measures.matrix import CurvatureMatrix as CurvatureMatrix
from .measures.matrix import gauss_newton as gauss_newton
from .measures.matrix import hessian as hessian
from .measures.measure import MeasureOptions as MeasureOptions
from .measures.quantities import compare_quantities as compare_quantities
from .measures.sharpness import epsilon_sharpness as epsilon_sharpness
from .measures.sharpness import noise_rise as noise_rise
from .measures.sharpness import worst_rise as worst_rise
from .measures.spectrum import spectral_density as spectral_density
from .measures.summary import summarize_record as summarize_record
from .measures.topology import roughness as roughness
from .measures.topology import Topology as Topology
from .measures.topology import topology as topology
from .measures.trace import frobenius_norm as frobenius_norm
from .measures.trace import trace as trace
from .measures.widths import corridor_width as corridor_width
from .measures.widths import half_width as half_width
from .measures.widths import HalfWidth as HalfWidth
from .measures.widths import sublevel_area as sublevel_area
from .statistics.comparison import compare as compare

# Studies
from .study.catalogue import list_studies as list_studies
from .study.catalogue import result_path as result_path
from .study.catalogue import run_study as run_study
from .study.settings import Settings as Settings

# Records and files
from .files.findings import load_result as load_result
from .files.findings import save_result as save_result
from .files.li import save_li as save_li
from .files.surfaces import check_writable as check_writable
from .files.surfaces import load as load
from .files.surfaces import save as save
from .files.surfaces import summarize as summarize
from .records.findings import StudyResult as StudyResult
from .records.sampled import Profile as Profile
from .records.sampled import Surface as Surface
from .records.spectra import CrossSection as CrossSection
from .records.spectra import Spectrum as Spectrum

# Pictures
from .rendering.export.mesh import export as export
from .rendering.geometry.backend import find_backend as find_backend
from .rendering.page.report import check_report as check_report
from .rendering.page.report import render_report as render_report
from .rendering.render import check_picture as check_picture
from .rendering.render import foreign_options as foreign_options
from .rendering.render import medium_of as medium_of
from .rendering.render import render as render
from .rendering.study import film_study as film_study
from .rendering.study import render_study as render_study
from .rendering.views.cross_section import draw_cross_section as draw_cross_section
from .rendering.views.density import draw_density as draw_density
from .rendering.window import show as show
from .rendering.write import check_target as check_target

# The version
from .version import __version__ as __version__
