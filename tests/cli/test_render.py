"""``landscape render``: files and networks to pictures, and what is refused before the long work."""

import os
from pathlib import Path

import pytest
from shell import GRID, landscape, mistake, output_of


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_files_are_drawn_side_by_side(suffix: str, work: Path) -> None:
    target = work / f"both.{suffix}"
    assert output_of("render", "plane.h5", "plane.h5", "-o", str(target)).splitlines()[-1] == str(target)
    assert target.stat().st_size > 5000


def test_a_network_is_sampled_once_and_kept_in_its_run(work: Path) -> None:
    words = ("render", "--model", "mlp-3", "--view", "corridor", *GRID, "-o", "made.png")
    output_of(*words)
    assert (work / "made.png").stat().st_size > 5000
    (file,) = (work / "runs" / "mlp-3" / "surfaces").glob("corridor-0-*.h5")
    changed = file.stat().st_mtime_ns
    output_of(*words)
    assert file.stat().st_mtime_ns == changed


@pytest.mark.parametrize("view", ["line", "path-line", "path-plane"])
def test_every_view_can_be_drawn(view: str, work: Path) -> None:
    output_of("render", "--model", "mlp-3", "--view", view, *GRID, "-o", f"{view}.svg")
    assert (work / f"{view}.svg").stat().st_size > 5000
    assert list((work / "runs" / "mlp-3" / "surfaces").glob(f"{view}-0-*.h5"))


def test_a_picture_of_a_users_model_keeps_what_was_measured_beside_it(nets: Path) -> None:
    words = ["render", "--model", "own_nets:make", "--data", "own_nets:data", "-o", "mine.pdf", *GRID]
    assert output_of(*words).splitlines() == ["mine.h5", "mine.pdf"]
    changed = (nets / "mine.h5").stat().st_mtime_ns
    output_of(*words)
    assert (nets / "mine.h5").stat().st_mtime_ns == changed


@pytest.mark.usefixtures("work")
def test_the_former_spellings_draw_the_same_and_say_the_new_one() -> None:
    former = landscape("render", "plane.h5", "-o", "former.svg", "--view", "contour")
    assert former.exit_code == 0
    assert former.stderr == "--view contour is written --draw contour now: --view says where to look\n"
    assert landscape("render", "plane.h5", "-o", "new.svg", "--draw", "contour").stderr == ""
    assert Path("former.svg").read_text() == Path("new.svg").read_text()
    former = landscape("render", "--model", "mlp-3", "--subspace", "corridor", *GRID, "-o", "subspace.png")
    assert former.exit_code == 0
    assert former.stderr == "--subspace corridor is written --view corridor now: it goes with the next release\n"
    assert "--subspace" not in output_of("render", "--help")


def test_a_picture_does_not_replace_what_others_made(work: Path) -> None:
    (work / "mine.png").write_bytes(b"my own picture")
    assert "--force" in mistake("render", "plane.h5", "-o", "mine.png", status=1)
    assert (work / "mine.png").read_bytes() == b"my own picture"
    output_of("render", "plane.h5", "-o", "mine.png", "--force")
    assert (work / "mine.png").read_bytes() != b"my own picture"
    output_of("render", "plane.h5", "-o", "mine.png")


NONSENSE: list[tuple[list[str], int, str]] = [
    ([], 2, "give surface files, or --model"),
    (["plane.h5", "--model", "mlp-3"], 2, "one of the two"),
    (["plane.h5", "-o", "picture.bmp"], 2, ".bmp"),
    (["plane.h5", "-o", "nowhere/picture.png"], 1, "nowhere"),
    (["plane.h5", "-o", " "], 2, "--output names a file"),
    (["--model", " "], 2, "--model names a network"),
    (["plane.h5", "--scale", "cubic"], 2, "cubic"),
    (["plane.h5", "--colormap", "rainbowish"], 2, "rainbowish"),
    (["plane.h5", "--draw", "sphere"], 2, "expected surface, contour, profile, barcode"),
    (["plane.h5", "--view", "plane"], 2, "files hold what was seen"),
    (["plane.h5", "--weights", "net.pt"], 2, "--weights go with --model package.module:factory, not with surface"),
    (["plane.h5", "-o", "x.html", "--dpi", "300"], 2, "--dpi has no meaning for x.html, a page"),
    (["plane.h5", "-o", "x.png", "--fps", "24"], 2, "--fps has no meaning for x.png, a figure"),
    (["plane.h5", "-o", "x.html", "--draw", "contour"], 2, "a page shows surfaces; --draw contour is for png"),
    (["--model", "mlp-3", "-o", "x.html", "--view", "line"], 2, "a page shows surfaces; --view line is for png"),
    (["plane.h5", "-o", "x.gif", "--size", "huge"], 2, "written as 1280x720"),
    (["--model", "mlp-3", "--view", "sphere"], 2, "expected one of plane, corridor, line"),
    (["--model", "mlp-3", "--checkpoints", "saved"], 2, "needs no checkpoints"),
    (["nowhere.h5"], 1, "nowhere.h5"),
]


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(("words", "status", "message"), NONSENSE)
def test_nonsense_gets_one_clear_line(words: list[str], status: int, message: str) -> None:
    assert message in mistake("render", *words, status=status)


@pytest.mark.parametrize("kind", ["truncated", "foreign", "empty", "text"])
def test_files_that_are_no_surfaces_get_one_clear_line(kind: str, work: Path) -> None:
    whole = (work / "plane.h5").read_bytes()
    content = {"truncated": whole[: len(whole) // 2], "foreign": b"\x89PNG" + whole[4:], "empty": b"", "text": b"hello"}
    (work / "bad.h5").write_bytes(content[kind])
    for command in ("info", "measure", "render"):
        assert "bad.h5" in mistake(command, "bad.h5", *(["-o", "bad.png"] if command == "render" else []), status=1)
    assert not (work / "bad.png").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_gets_one_clear_line(work: Path) -> None:
    locked = work / "locked"
    locked.mkdir(mode=0o500)
    mistake("sample", "--model", "mlp-3", "-o", "locked/new.h5", *GRID, status=1)
    mistake("render", "plane.h5", "-o", "locked/new.png", status=1)


def test_a_grid_of_another_program_is_drawn_and_measured(work: Path) -> None:
    (work / "grid.csv").write_text(
        "alpha,beta,loss\n" + "".join(f"{i},{j},{i * i + j}\n" for i in range(3) for j in (0, 1))
    )
    assert output_of("render", "grid.csv", "-o", "grid.svg").splitlines() == ["grid.svg"]
    assert "a grid computed elsewhere" in (work / "grid.svg").read_text()
    numbers = output_of("measure", "grid.csv")
    assert "0 to 5 of unknown unit, 6 of 6 points measured" in numbers
    assert "P =" not in numbers
    assert "nat" not in numbers
    (work / "hole.csv").write_text("alpha,beta,loss\n0,0,1\n1,1,2\n")
    assert "2 of the 2 x 2 points are missing" in mistake("render", "hole.csv", status=1)
