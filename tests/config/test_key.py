import numpy as np
import pytest

from resviz.config import Session, limit_key, load_session


@pytest.mark.parametrize(
    "changes",
    [
        {"network.layers": 1000, "network.units": 1},
        {"network.seed": 5},
        {"title": "another"},
        {"contrast.alpha": 16.0},
        {"training.device": "cpu"},
        {"training.batch": 4},
        {"training.momentum": 0.5},
        {"limit.tolerance": 1e-3},
    ],
)
def test_what_the_limit_does_not_depend_on(changes):
    assert limit_key(Session().with_values(changes)) == limit_key(Session())


@pytest.mark.parametrize(
    "changes",
    [
        {"network.alpha": 2.0},
        {"network.sigma_u": 2.0},
        {"network.activation": "erf"},
        {"network.parametrisation": "output-weights"},
        {"network.dimension": 20},
        {"data.seed": 5},
        {"data.samples": 5},
        {"training.steps": 5},
        {"training.rate": 0.5},
        {"training.events": [{"step": 3, "rate": 0.5}]},
        {"training.dtype": "float64"},
        {"limit.nodes": 32},
        {"limit.units": 512},
    ],
)
def test_what_the_limit_depends_on(changes):
    assert limit_key(Session().with_values(changes)) != limit_key(Session())


def test_settings_count_where_they_are_read():
    sgd = Session(training={"optimizer": "sgd"})
    assert limit_key(sgd) != limit_key(sgd.with_values({"training.batch": 4}))
    auto = Session(limit={"nodes": "auto"})
    assert limit_key(auto) != limit_key(auto.with_values({"limit.tolerance": 1e-3}))


def test_a_data_file_counts_by_its_content(tmp_path):
    keys = []
    for folder, value in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        (tmp_path / folder).mkdir()
        np.savez(tmp_path / folder / "data.npz", x=np.full((2, 2), value), y=np.ones((2, 2)))
        session = tmp_path / folder / "s.toml"
        session.write_text('[data]\nkind = "file"\npath = "data.npz"\n')
        keys.append(limit_key(load_session(session)))
    assert keys[0] == keys[1] != keys[2]
    (tmp_path / "a" / "data.npz").unlink()
    assert limit_key(load_session(tmp_path / "a" / "s.toml")) not in keys


def test_the_key_is_the_same_in_every_process():
    # a stored limit is found again only while this stands
    key = limit_key(Session())
    assert len(key) == 64
    assert key == "1a1022fc3504d6d045f3238c686dd00a9fd0dbae62af13f59c997873383487c6"
