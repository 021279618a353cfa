from itertools import combinations

import numpy as np
import pytest

from resviz.errors import RequestError
from resviz.scene.model import Role
from resviz.scene.theme import THEMES, contrast_ratio, theme

# Machado, Oliveira and Fernandes 2009, severity 1, for linear RGB
DEFICIENCIES = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}


def seen(colour, deficiency):
    srgb = np.array(colour[:3]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("name", THEMES)
def test_every_role_has_a_colour_and_text_can_be_read(name):
    one = theme(name)
    assert set(one.colours) == set(Role)
    ground = one.colour(Role.GROUND)
    for role in (Role.TEXT, Role.MUTED):
        assert contrast_ratio(one.colour(role), ground) >= 4.5
    for role in (Role.LIMIT, Role.SESSION, Role.TWIN, Role.LAZY, Role.CURSOR, Role.START):
        assert contrast_ratio(one.colour(role), ground) >= 3.0


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_curves_of_one_panel_stay_apart_for_every_eye(name, deficiency):
    colours = {
        role: seen(theme(name).colour(role), deficiency) for role in (Role.SESSION, Role.TWIN, Role.LIMIT)
    }
    for one, other in combinations(colours, 2):
        assert np.abs(colours[one] - colours[other]).max() > 0.25, (one, other)


def test_contrast_of_black_and_white_is_21():
    assert contrast_ratio((0, 0, 0, 255), (255, 255, 255, 255)) == pytest.approx(21)


def test_unknown_theme_is_refused():
    with pytest.raises(RequestError, match="solarized"):
        theme("solarized")
