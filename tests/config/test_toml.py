import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resviz.config import load_session
from resviz.config.migrations import MIGRATIONS, migrate
from resviz.config.session import SCHEMA, Session
from resviz.config.toml import parse_assignment, parse_session
from resviz.errors import OutputError, SessionError

HAND_WRITTEN = """\
# my experiment
schema = 1

[network]   # the net
alpha = 2.0   # far from lazy
layers = 32

# how it is trained
[training]
steps = 20

[[training.events]]
step = 4   # slow down
rate = 0.5
"""


def sessions():
    number = st.floats(1e-6, 1e6)
    seed = st.integers(0, 2**63 - 1)
    event = st.fixed_dictionaries({"rate": number}, optional={"steps": st.integers(1000, 2000)})
    events = st.lists(st.tuples(st.integers(0, 1000), event), max_size=3).map(
        lambda rows: [{"step": k, **e} for k, e in sorted(rows, key=lambda row: row[0])]
    )
    data = st.one_of(
        st.fixed_dictionaries(
            {"kind": st.just("gaussian")},
            optional={"samples": st.integers(1, 10**6), "dimension": st.integers(1, 10**5)},
        ),
        st.fixed_dictionaries(
            {"kind": st.sampled_from(["sine", "moons", "digits"])},
            optional={"samples": st.integers(1, 10**6)},
        ),
        st.fixed_dictionaries(
            {
                "kind": st.just("file"),
                "path": st.just("a b/ü.csv"),
                "targets": st.lists(st.text(min_size=1), min_size=1, max_size=3, unique=True),
            }
        ),
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "title": st.text(max_size=200),
            "data": data,
            "network": st.fixed_dictionaries(
                {},
                optional={
                    "layers": st.integers(1, 10**5),
                    "alpha": number,
                    "seed": seed,
                    "sigma_v": number.map(lambda x: min(x, 1e3)),
                },
            ),
            "training": st.fixed_dictionaries(
                {},
                optional={
                    "rate": number,
                    "optimizer": st.sampled_from(["gd", "sgd", "momentum"]),
                    "batch": st.integers(1, 100),
                    "momentum": st.floats(0, 0.99),
                    "dtype": st.sampled_from(["float32", "float64"]),
                    "events": events,
                },
            ),
            "limit": st.fixed_dictionaries(
                {},
                optional={
                    "nodes": st.integers(2, 100) | st.just("auto"),
                    "units": st.sampled_from([2, 1024, "auto"]),
                    "tolerance": st.floats(1e-6, 1),
                },
            ),
        },
    ).map(lambda values: Session(**values))


@given(sessions())
def test_toml_says_the_whole_session(session):
    assert parse_session(session.to_toml()) == session


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=sessions(), after=sessions())
def test_a_saved_file_can_be_changed_into_any_other_session(before, after, tmp_path):
    read = load_session(before.save(tmp_path / "session.toml"))
    read = parse_session(read.to_toml(), tmp_path / "session.toml")
    changed = after.model_copy()
    changed._source, changed._folder = read._source, tmp_path
    saved = changed.save(tmp_path / "session.toml")
    assert load_session(saved) == after


def test_defaults_are_written_in_the_order_of_the_models():
    text = Session().to_toml()
    assert list(tomllib.loads(text)) == [
        "schema",
        "title",
        "data",
        "network",
        "training",
        "limit",
        "contrast",
    ]
    assert list(tomllib.loads(text)["network"])[:2] == ["layers", "units"]
    # what the optimiser does not read is not written
    assert "momentum" not in text
    assert "batch" in Session(training={"optimizer": "sgd"}).to_toml()
    assert "momentum = 0.5" in Session(training={"momentum": 0.5}).to_toml()


def test_comments_and_left_out_keys_survive_a_save(tmp_path):
    path = tmp_path / "hand.toml"
    path.write_text(HAND_WRITTEN)
    session = load_session(path)
    session.save(path)
    assert path.read_text() == HAND_WRITTEN

    session.with_values({"network.alpha": 4, "network.units": 8, "data.seed": 5}).save(path)
    assert (
        path.read_text()
        == HAND_WRITTEN.replace("alpha = 2.0 ", "alpha = 4.0 ").replace(
            "layers = 32\n", "layers = 32\nunits = 8\n"
        )
        + "\n[data]\nseed = 5\n"
    )


def test_a_key_can_be_left_out_again(tmp_path):
    path = tmp_path / "hand.toml"
    path.write_text('[data]\nkind = "digits"\nsamples = 5 # few\nseed = 3 # mine\n')
    load_session(path).with_values({"data.samples": None}).save(path)
    assert path.read_text() == '[data]\nkind = "digits"\nseed = 3 # mine\n'


def test_events_can_be_added_changed_and_removed(tmp_path):
    path = tmp_path / "hand.toml"
    path.write_text(HAND_WRITTEN)
    session = load_session(path)
    for events in ([{"step": 3, "rate": 2.0}, {"step": 5, "steps": 70}], []):
        session = session.with_values({"training.events": events, "training.rate": 3.0})
        session.save(path)
        assert load_session(path) == session
        assert "# far from lazy" in path.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "data = {kind = 'sine', samples = 4} # inline\n",
        "network.alpha = 2.0 # dotted\nnetwork.layers = 3\n",
        "[training]\nsteps = 3\n[network]\nlayers = 2\n[[training.events]]\nstep = 1\nrate = 2.0\n",
        "\r\n[network]\r\nlayers = 2 # windows\r\n",
    ],
)
def test_every_way_to_write_toml_is_saved_right(tmp_path, text):
    path = tmp_path / "odd.toml"
    path.write_bytes(text.encode())
    changed = load_session(path).with_values(
        {
            "network.units": 8,
            "network.alpha": 7.0,
            "training.rate": 0.25,
            "data.samples": 9,
            "training.steps": 4,
        }
    )
    changed.save(path)
    assert load_session(path) == changed


def test_the_extension_is_enforced_and_none_replaced(tmp_path):
    assert Session().save(tmp_path / "a") == tmp_path / "a.toml"
    assert Session().save(tmp_path / "a.toml") == tmp_path / "a.toml"
    (tmp_path / "notes.txt").write_text("mine")
    assert Session().save(tmp_path / "notes.txt") == tmp_path / "notes.txt.toml"
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.toml", "notes.txt", "notes.txt.toml"]


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = Session(title="old").save(tmp_path / "a")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        Session(title="new").save(path)
    monkeypatch.undo()
    assert load_session(path).title == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.toml"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    for target in (tmp_path / "missing" / "a.toml", tmp_path / "file" / "a.toml", tmp_path / "a\0.toml"):
        with pytest.raises(OutputError, match="cannot be written"):
            Session().save(target)


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_a_path_without_a_name_is_refused(name):
    with pytest.raises(OutputError, match="not a file name"):
        Session().save(name)


def test_a_link_stays_a_link(tmp_path):
    real = Session().save(tmp_path / "real")
    link = tmp_path / "link.toml"
    link.symlink_to(real)
    Session(title="through the link").save(link)
    assert link.is_symlink()
    assert load_session(real).title == "through the link"


def test_a_relative_data_path_names_the_same_file_after_a_move(tmp_path):
    (tmp_path / "data.npz").touch()
    (tmp_path / "sub").mkdir()
    path = tmp_path / "a.toml"
    path.write_text('[data]\nkind = "file"\npath = "data.npz" # mine\n')
    session = load_session(path)
    assert session.data.path == "data.npz"
    assert session.data_path == tmp_path / "data.npz"
    moved = load_session(session.save(tmp_path / "sub" / "b.toml"))
    assert moved.data.path == "../data.npz"
    assert moved.data_path.resolve() == tmp_path / "data.npz"
    assert "# mine" in (tmp_path / "sub" / "b.toml").read_text()


def test_without_a_file_relative_paths_start_at_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = Session(data={"kind": "file", "path": "data.npz"})
    assert session.data_path == Path("data.npz")
    (tmp_path / "sub").mkdir()
    assert load_session(session.save("sub/a.toml")).data.path == "../data.npz"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"alpha = = 3", "not a TOML file"),
        (b"[network]\nalpha = 1\nalpha = 2", "not a TOML file"),
        (b"a = 1" + b"0" * 5000, "not a TOML file"),
        (b"a = " + b"[" * 100_000, "not a TOML file"),
        (b"\xff\xfe\x00", "not a text file"),
        (b"schema = 2", "schema = 2: written by a newer resviz"),
        (b"schema = 0", "schema = 0: not allowed"),
        (b"schema = '1'", "schema = '1': not allowed"),
        (b"schema = true", "schema = True: not allowed"),
        (b"[network]\nalpha = nan", "network.alpha = nan"),
        (b"[network]\nseed = 2020-01-01", 'network.seed = "2020-01-01"'),
    ],
)
def test_bad_files_are_refused_by_name(tmp_path, content, says):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(SessionError) as caught:
        load_session(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbftitle = 'a'\n")
    assert load_session(path).title == "a"


def test_old_versions_pass_through_every_migration():
    old = {"schema": 1, "network": {"width": 5}}
    migrations = {
        1: lambda m: {**m, "network": {"units": m["network"]["width"]}},
        2: lambda m: {**m, "title": f"was {m['schema']}"},
    }
    new = migrate(old, 3, migrations=migrations)
    assert new == {"schema": 3, "network": {"units": 5}, "title": "was 2"}
    assert old == {"schema": 1, "network": {"width": 5}}
    assert migrate({}, 2, migrations=migrations | {1: dict})["schema"] == 2
    with pytest.raises(SessionError, match="schema = 2"):
        migrate({"schema": 2}, 4, migrations={3: dict})


def test_every_older_version_has_its_migration():
    assert sorted(MIGRATIONS) == list(range(1, SCHEMA))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("network.alpha=4", 4),
        ("network.alpha = 1e-3", 1e-3),
        ("network.activation=erf", "erf"),
        ('network.activation="erf"', "erf"),
        ("limit.large_d=true", True),
        ('data.targets=["a", "b"]', ["a", "b"]),
        ("title=a = b", "a = b"),
        ("title=", ""),
    ],
)
def test_assignments_of_the_command_line(text, value):
    assert parse_assignment(text) == (text.partition("=")[0].strip(), value)


@pytest.mark.parametrize("text", ["network.alpha", "=4", ""])
def test_what_is_no_assignment_is_refused(text):
    with pytest.raises(SessionError, match="not an assignment"):
        parse_assignment(text)


VERSIONS = sorted((Path(__file__).parent / "versions").glob("*.toml"))


def test_a_file_of_every_version_is_stored():
    assert [path.stem for path in VERSIONS] == [str(v) for v in range(1, SCHEMA + 1)]


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_files_of_every_version_are_read(path, tmp_path):
    session = load_session(path)
    assert (session.network.alpha, session.network.seed, session.training.rate) == (2.5, 17, 0.25)
    assert [event.step for event in session.training.events] == [10, 20]
    assert session.training.last_step == 40
    stated = tomllib.loads(path.read_text())
    if stated["schema"] == SCHEMA:  # all of it arrives
        for table in ("data", "network", "training", "limit", "contrast"):
            for key, value in stated[table].items():
                assert key == "events" or session.get(f"{table}.{key}") == value
    copy = tmp_path / "copy.toml"
    copy.write_bytes(path.read_bytes())
    saved = load_session(copy).with_values({"network.seed": 18}).save(copy)
    assert load_session(saved).network.seed == 18
    if stated["schema"] == SCHEMA:
        assert saved.read_text() == path.read_text().replace("seed = 17", "seed = 18")


def test_every_comment_survives_whatever_else_is_changed(tmp_path):
    """All keys of the stored file changed one at a time: the other lines stay as they are."""
    text = VERSIONS[-1].read_text()
    path = tmp_path / "copy.toml"
    changes = {
        "title": "Other", "data.samples": 5, "data.seed": 6, "network.layers": 13, "network.units": 21,
        "network.activation": "relu", "network.alpha": 3.5, "network.sigma_u": 0.25, "training.steps": 31,
        "training.rate": 0.5, "training.batch": 3, "training.clip": 2.0, "training.device": "auto",
        "training.dtype": "float32", "limit.nodes": 8, "limit.units": 64, "contrast.alpha": 64.0,
    }  # fmt: skip
    for key, value in changes.items():
        path.write_text(text)
        load_session(path).with_values({key: value}).save(path)
        old, new = text.splitlines(), path.read_text().splitlines()
        assert len(old) == len(new)
        changed = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
        assert len(changed) == 1, key
        assert changed[0][0].partition("#")[2] == changed[0][1].partition("#")[2]
        assert load_session(path).get(key) == value
