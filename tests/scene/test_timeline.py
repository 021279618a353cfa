"""The timeline: edits are marked where they were made, a selected range is shaded under the curves."""

from __future__ import annotations

from resviz.scene.model import Line, Role, Rule, Span
from resviz.scene.timeline import timeline


def test_every_live_edit_is_marked_at_its_step():
    panel = timeline([2.0, 1.0, 0.5], None, 100, 2, events=[(3, "η 0.5"), (40, "K 300")]).panel("timeline")
    rules = [mark for mark in panel.marks if isinstance(mark, Rule)]
    assert [(rule.at, rule.text) for rule in rules if rule.text] == [(3.0, "η 0.5"), (40.0, "K 300")]
    assert [rule.at for rule in rules if rule.role is Role.CURSOR] == [2.0]


def test_a_range_lies_under_the_curves():
    marks = timeline([2.0, 1.0, 0.5], None, 100, 2, range=(20, 60)).panel("timeline").marks
    kinds = [type(mark) for mark in marks]
    assert kinds.index(Span) < kinds.index(Line)
    assert not any(
        isinstance(mark, Span) for mark in timeline([2.0], None, 9, 0, range=(3, 3)).panels[0].marks
    )
