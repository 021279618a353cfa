"""``resviz sweep`` as a command."""

from __future__ import annotations

from resviz.study.sweep import read_table


def test_a_sweep_of_a_session_file(folder, resviz_does):
    (folder / "s.toml").write_text(
        'session = "tiny.toml"\n[[axes]]\nkey = "network.alpha"\nlist = [1.0, 2.0]\n'
    )
    status, out, err = resviz_does("sweep", "s.toml", "-o", "table", "--workers", "0", "--progress")
    assert (status, out) == (0, "")
    assert "2 of 2 runs" in err
    assert [row["network.alpha"] for row in read_table("table")] == [1.0, 2.0]
    status, _, err = resviz_does("sweep", "s.toml", "-o", "table", "--workers", "0")
    assert status == 0
    assert "2 runs (2 known before)" in err


def test_wrong_sweeps_and_schedulers(folder, resviz_does):
    (folder / "s.toml").write_text('session = "tiny.toml"\n[[axes]]\nkey = "network.alfa"\nlist = [1.0]\n')
    status, _, err = resviz_does("sweep", "s.toml", "-o", "table")
    assert status == 2
    assert "nearest known key: network.alpha" in err
    assert not (folder / "table").exists()
    assert resviz_does("sweep", "missing.toml", "-o", "table")[0] == 2
    (folder / "s.toml").write_text('session = "tiny.toml"\n[[axes]]\nkey = "network.alpha"\nlist = [1.0]\n')
    status, _, err = resviz_does("sweep", "s.toml", "-o", "table", "--scheduler", "nonsense")
    assert status == 2
    assert "Write it like tcp://host:8786" in err


def test_errors_that_the_reference_limits_are_counted(folder, resviz_does):
    (folder / "s.toml").write_text(
        'session = "tiny.toml"\nmeasure = ["output_error"]\n'
        '[[axes]]\nkey = ["network.layers", "limit.units"]\nlist = [[2, 1024], [200, 2]]\n'
    )
    status, _, err = resviz_does("sweep", "s.toml", "-o", "table", "--workers", "0")
    assert status == 0
    assert "1 of 2 output errors are limited by the reference: raise limit.units." in err


def test_the_sweep_that_comes_along_is_named(folder, resviz_does):
    status, _, err = resviz_does("sweep", "phase", "-o", "table")
    assert status == 2
    assert "a sweep that comes with resviz: phase-atlas" in err
