"""Rules of the repository that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "resviz"
MODULES = sorted(PACKAGE.rglob("*.py"))
TEXT = {".py", ".toml", ".md", ".txt", ".cfg", ".yml", ".yaml", ".svg", ""}


def imported(module: Path) -> set[str]:
    """Top-level names of everything a module imports, at its top or within its functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_no_module_holds_two_things():
    long = {
        str(m.relative_to(ROOT)): n for m in MODULES if (n := len(m.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}


def test_only_drawing_and_window_import_qt():
    outside = [m for m in MODULES if m.relative_to(PACKAGE).parts[0] not in ("draw", "gui")]
    assert len(outside) > 10
    assert [str(m) for m in outside if imported(m) & {"PySide6", "pyqtgraph", "shiboken6"}] == []


def test_importing_the_package_loads_nothing_heavy():
    heavy = ["torch", "scipy", "numba", "sklearn", "PySide6", "pyqtgraph", "av", "dask", "distributed"]
    code = f"import sys, resviz, resviz.config, resviz.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_no_file_knows_the_machine_it_was_written_on():
    machine = re.compile(r"(?<![\w.}])/(?:home|Users|root|tmp|mnt|work)/\w")
    folders = [PACKAGE, ROOT / "tests", ROOT / ".ci"]
    files = [f for folder in folders for f in folder.rglob("*") if "__pycache__" not in f.parts]
    files.remove(Path(__file__))
    files += [ROOT / "README.md", ROOT / "pyproject.toml"]
    read = [f for f in files if f.is_file() and f.suffix in TEXT]
    assert len(read) > 20
    assert [str(f.relative_to(ROOT)) for f in read if machine.search(f.read_text("utf-8", "replace"))] == []


def marked_blocks() -> dict[str, str]:
    """The README's shell blocks by their mark, ``<!-- test -->`` and so on."""
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"^<!-- (\w+) -->\n```bash\n(.*?)^```$", text, flags=re.M | re.S)
    return {mark: block.strip() for mark, block in blocks}


def test_the_readme_has_two_setup_commands():
    text = (ROOT / "README.md").read_text("utf-8")
    assert set(marked_blocks()) == {"start", "test", "system"}
    setup = [line for line in text.splitlines() if "pip install" in line]
    assert setup == [marked_blocks()["start"], marked_blocks()["test"]]
    assert marked_blocks()["start"].endswith("resviz")
    assert marked_blocks()["test"].endswith("pytest")


def test_the_readme_and_the_checks_name_the_same_system_packages():
    def names(text: str) -> set[str]:
        return set(re.findall(r"\b(?:lib|fonts-|xvfb|xdotool)[\w.+-]*", text))

    script = (ROOT / ".ci" / "run").read_text("utf-8")
    (listed,) = re.findall(r"^packages=\((.*?)\)", script, flags=re.M | re.S)
    assert names(listed) == names(marked_blocks()["system"])


def test_every_file_the_readme_shows_exists():
    text = (ROOT / "README.md").read_text("utf-8")
    shown = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert shown
    assert [name for name in shown if not (ROOT / name).exists()] == []


def test_presets_travel_with_the_wheel():
    presets = sorted(p.relative_to(ROOT).as_posix() for p in PACKAGE.rglob("presets/*.toml"))
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    assert len(presets) >= 6
    # hatchling packs every file of a listed package, unless it is excluded or ignored by git
    assert build["targets"]["wheel"] == {"packages": ["resviz"]}
    ignored = subprocess.run(
        ["git", "check-ignore", *presets], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ignored.stdout == ""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_every_file_of_the_package(wheel: zipfile.ZipFile):
    files = {p.relative_to(ROOT).as_posix() for p in PACKAGE.rglob("*") if p.is_file()}
    assert {f for f in files if "__pycache__" not in f} <= set(wheel.namelist())


def test_the_wheel_carries_the_atlas_and_the_sweep_that_made_it(wheel: zipfile.ZipFile):
    sizes = {
        name: wheel.getinfo(f"resviz/observe/atlas/{name}").file_size for name in ("cells.csv", "sweep.toml")
    }
    assert 0 < sizes["sweep.toml"] < 10_000
    assert 10_000 < sizes["cells.csv"] < 100_000
