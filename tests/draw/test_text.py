import pytest
from PySide6.QtGui import QFontInfo, QFontMetricsF

from resviz.draw.text import family, font, measure

USED = "−0123456789.×⁻⁰¹²³⁴⁵⁶⁷⁸⁹W₁αΔη→∞σ·◂▸…²√"


def test_the_bundled_typeface_is_used_and_has_every_sign(qapp):
    assert family() == "DejaVu Sans"
    assert QFontInfo(font(12)).family() == "DejaVu Sans"
    metrics = QFontMetricsF(font(12))
    assert [sign for sign in USED if not metrics.inFontUcs4(ord(sign))] == []


def test_measures_grow_with_type(qapp):
    small, large = measure("layer 14", 10), measure("layer 14", 20)
    assert large[0] == pytest.approx(2 * small[0], rel=0.03)
    assert large[1] > 1.8 * small[1]
    assert measure("layer 14", 10, True)[0] > small[0]
