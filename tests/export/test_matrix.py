"""Options in combination: every file opens, counts right, says what it is, and is drawn again as it is.

Case i takes view i of 11 and kind i of 9: 99 cases meet all pairs, any 33 in a row each view three times.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

import resviz
from resviz.cli import main
from resviz.draw.picture import read_picture
from resviz.export import VIEWS, Options
from resviz.export.carried import read_provenance
from resviz.export.command import export_words
from resviz.export.film import CODECS, padded
from resviz.export.options import MAPPED
from resviz.export.verify import Verdict, verify

KINDS = (".png", ".mp4", ".svg", ".gif", "", ".pdf", ".webm", ".csv", ".npz")
BESIDE = ("overview", "grid", "contrast", "fields", "ridgeline", "cloud")


def options_of(case: int, kind: str, newest: int) -> Options:
    """What case number ``case`` draws, by chance but for its view."""
    dice = random.Random(case)
    film = kind in CODECS
    view = VIEWS[case % len(VIEWS)]
    first = dice.randrange(newest)
    spread = (slice(first, newest + 1, dice.choice((1, 2))), range(newest, first - 1, -1), None)
    return Options(
        view=view,
        size=(dice.randrange(200, 420), dice.randrange(161, 300)),
        steps=dice.choice(spread) if film or not kind else dice.randrange(newest + 1),
        observable=dice.choice(("preactivation", "backward", "u", "v_norm", "travel_u", "alignment", "h")),
        layers=dice.choice(((), (1,), (0, 2, 5))),
        sample=dice.randrange(3),
        coordinate=dice.randrange(3),
        window=dice.choice((None, 1, 3)),
        bins=dice.choice((None, 9)),
        lock_axes=dice.random() < 0.5,
        maps=view in MAPPED and dice.random() < 0.5,
        title=dice.choice((None, "", "k = {step}, «{title}» -- <&>")),
        caption=dice.choice((None, "", "caption")),
        theme=dice.choice(("light", "dark", "print")),
        transparent=not film and dice.random() < 0.3,
        scale=dice.choice((None, 0.5, 1.5)),
        font_scale=dice.choice((1.0, 1.3)),
        dpi=dice.choice((None, 150.0)),
        fps=dice.choice((10.0, 12.5)),
        duration=dice.choice((None, 0.4)) if film else None,
        quality=dice.choice(("draft", "good", "best")),
        loop=dice.choice((0, 2)) if kind == ".gif" else 0,
    )


def frames_of(path: Path) -> list[tuple[int, int]]:
    with av.open(str(path)) as container:
        return [(frame.width, frame.height) for frame in container.decode(video=0)]


def drawn(recordings, options: Options, kind: str, folder: Path) -> None:
    """Export, open, count, read what it carries, verify."""
    out = folder / f"out{kind}"
    resviz.export(recordings, out, **vars(options))
    shown = options.chosen_steps(recordings[0].step, single=kind and kind not in CODECS)
    shown = options.spread_over_time(shown) if kind in CODECS else shown
    if kind in CODECS:
        assert frames_of(out) == [padded(options.size, kind)] * len(shown)
    elif kind in ("", ".png"):
        files = [out] if kind else sorted(out.iterdir())
        assert len(files) == len(shown)
        for picture in map(read_picture, files):
            assert picture.shape[1::-1] == options.size
            assert (picture[..., 3].min() < 255) == options.transparent
            assert np.ptp(picture[..., :3].astype(int)) > 50
        out = files[-1]
        shown = shown if kind else sorted(shown)[-1:]
    carried = read_provenance(out)
    assert carried.sessions == tuple(one.session for one in recordings)
    assert list(carried.steps) == shown
    assert (carried.options.title, carried.options.theme) == (options.title, options.theme)
    verdict = verdict_of(verify(out, recordings))
    assert verdict.exact, verdict.found


def verdict_of(steps) -> Verdict:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value[1]


@pytest.mark.parametrize("case", range(33))
def test_a_case_of_the_matrix(recording, tmp_path, case):
    kind = KINDS[case % len(KINDS)]
    drawn((recording,), options_of(case, kind, recording.step), kind, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("case", range(33, 99))
def test_the_rest_of_the_matrix(recording, tmp_path, case):
    kind = KINDS[case % len(KINDS)]
    drawn((recording,), options_of(case, kind, recording.step), kind, tmp_path)


def test_recordings_together_are_verified_too(recording, tmp_path):
    other = resviz.run(recording.session.with_values({"network.seed": 7}))
    for case, view in enumerate(BESIDE):
        kind = KINDS[case]
        (tmp_path / view).mkdir()
        together = ("beside", "overlay")[case % 2]
        options = replace(options_of(case, kind, recording.step), view=view, maps=False, together=together)
        drawn((recording, other), options, kind, tmp_path / view)


def test_words_of_a_command_are_read_as_the_options_they_came_from(monkeypatch, tmp_path):
    """The window's export is a command: what it was asked for is what is drawn, whatever it is."""
    seen = []
    monkeypatch.setattr("resviz.cli.export._recordings", lambda *given: [])
    monkeypatch.setattr("resviz.cli.export.draw", lambda found, out, options, **more: seen.append(options))
    for case in range(0, 99, 4):
        options = options_of(case, KINDS[case % len(KINDS)], 5)
        if case % 3:
            options = replace(options, together="overlay", second="u", second_coordinate=1, title="-x -y")
        assert main(export_words(["r.resviz"], tmp_path / "out.png", options)) == 0
        read = seen.pop()
        if isinstance(options.steps, range):
            steps = options.steps
            options = replace(options, steps=slice(steps.start, steps.stop, steps.step))
        elif isinstance(options.steps, slice) and options.steps.step == 1:
            options = replace(options, steps=slice(options.steps.start, options.steps.stop))
        assert read == options
