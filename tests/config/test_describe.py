import pytest

from resviz.config.describe import FIELDS
from resviz.config.session import Session
from resviz.errors import SessionError


def test_paths_and_labels_are_unique():
    assert len({field.path for field in FIELDS}) == len({field.label for field in FIELDS}) == len(FIELDS)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.path)
def test_a_field_can_be_read_and_says_what_it_is(field):
    value = Session().get(field.path)
    assert field.tooltip
    assert field.group in ("Data", "Network", "Training", "Limit")
    if field.kind == "choice":
        assert value in field.choices
    if field.default is not None:
        assert value == field.default
    if field.optional:
        assert Session().with_values({field.path: None}) == Session()


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.kind in ("int", "float")], ids=lambda field: field.path
)
def test_the_limits_shown_are_the_limits_held(field):
    assert field.minimum is not None
    assert field.maximum is not None
    Session().with_values({field.path: type(1 if field.kind == "int" else 1.0)(field.minimum)})
    for beyond in (field.minimum - 1, field.maximum + 1):
        with pytest.raises(SessionError, match=field.path):
            Session().with_values({field.path: beyond})


def test_every_choice_is_taken():
    # identity: the one activation that every limit engine takes
    base = Session(network={"activation": "identity"})
    for field in FIELDS:
        for choice in field.choices:
            changes = {field.path: choice}
            if choice == "file":
                changes["data.path"] = "a.npz"
            assert base.with_values(changes).get(field.path) == choice


def test_what_is_live():
    assert {field.path for field in FIELDS if field.live} == {"training.rate", "training.steps"}


def test_labels_of_the_sketch():
    labels = {field.path: field.label for field in FIELDS}
    assert labels["network.alpha"] == "scale α"
    assert labels["network.layers"] == "layers L"
    assert labels["network.sigma_u"] == "unit std σᵤ"
    assert labels["limit.nodes"] == "depth nodes S"
