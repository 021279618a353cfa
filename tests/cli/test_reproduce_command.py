"""``resviz reproduce`` as a command."""

from __future__ import annotations


def test_the_list_names_all_and_runs_none(folder, resviz_does):
    status, out, _ = resviz_does("reproduce", "--list")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()][:2] == ["reference-loss", "unit-paths"]
    assert len(out.splitlines()) == 11
    assert list(folder.iterdir()) == [folder / "tiny.toml"]


def test_a_result_is_printed_and_written_once(folder, resviz_does):
    status, out, err = resviz_does("reproduce", "density-grid", "--quick", "--out", "figures")
    assert status == 0
    assert "verdict  reproduced: 19 of 19 checks hold" in out
    assert "figures/density-grid.svg" in err
    before = {path: path.read_bytes() for path in (folder / "figures").iterdir()}
    assert {path.suffix for path in before} == {".svg", ".png", ".csv", ".txt"}
    status, _, err = resviz_does("reproduce", "density-grid", "--quick", "--out", "figures")
    assert status == 2
    assert "--overwrite" in err
    assert {path: path.read_bytes() for path in (folder / "figures").iterdir()} == before


def test_an_unknown_name_is_refused_before_any_work(folder, resviz_does):
    status, _, err = resviz_does("reproduce", "density-grid", "unit-path")
    assert status == 2
    assert "Did you mean unit-paths?" in err
    assert not (folder / "reproduced").exists()
