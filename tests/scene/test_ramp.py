from itertools import pairwise

import numpy as np
import pytest
from scene.test_theme import DEFICIENCIES, seen

from resviz.scene.model import Role
from resviz.scene.ramp import colours, shade_colour
from resviz.scene.theme import THEMES, contrast_ratio, theme


def lightness(rgb):
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return 116 * np.cbrt(linear @ np.array([0.2126, 0.7152, 0.0722])) - 16


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_sequential_lightness_rises_for_every_eye(deficiency):
    ramp = np.array([seen(colour, deficiency) for colour in colours("sequential", theme("light"))])
    steps = lightness(ramp)[::16]
    assert all(low < high for low, high in pairwise(steps))
    assert steps[-1] - steps[0] > 60


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_the_signs_of_a_difference_stay_apart_for_every_eye(name, deficiency):
    ramp = colours("diverging", theme(name))
    for share in (0.3, 0.6, 1.0):
        low, high = (seen(ramp[round(127.5 * (1 + sign * share))], deficiency) for sign in (-1, 1))
        assert np.abs(low - high).max() > 0.1 + 0.2 * share


@pytest.mark.parametrize("name", THEMES)
def test_nothing_is_the_ground_and_lines_stand_out_from_it(name):
    one = theme(name)
    ground = one.colour(Role.GROUND)
    middle = colours("diverging", one)[127:129].astype(int)
    assert np.abs(middle - np.array(ground[:3])).max() <= 3
    for shade in (-1, 0, 0.5, 1, 2):
        assert contrast_ratio(shade_colour(shade, one), ground) >= 2.0
