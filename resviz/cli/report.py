"""What a command tells on stderr: progress, notes, errors. stdout is for what was asked for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Update = Callable[[int, int, str], None]
"""``update(done, total, message)``, called as often as one likes."""

_LINE_SECONDS = 1.0  # between two lines where stderr is a file


def complain(message: str, remedy: str = "") -> None:
    """A cause, and what to do about it on a line of its own."""
    print(f"resviz: {message}", file=sys.stderr)
    if remedy:
        print(f"  {remedy}", file=sys.stderr)


def note(message: str, *, quiet: bool) -> None:
    """One line for people, unless they asked for silence."""
    if not quiet:
        print(message, file=sys.stderr)


@contextmanager
def progress(what: str, *, shown: bool | None, quiet: bool) -> Iterator[Update]:
    """A progress bar with rate and time left on a terminal, a line a second elsewhere.

    Args:
        what: the work, in one word.
        shown: None shows it on a terminal only.
        quiet: never shows it, unless ``shown`` is True.
    """
    terminal = sys.stderr.isatty()
    if shown is False or (shown is None and (quiet or not terminal)):
        yield lambda done, total, message: None
    elif terminal:
        with _bar(what) as update:
            yield update
    else:
        yield _lines(what)


@contextmanager
def _bar(what: str) -> Iterator[Update]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[message]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, message="")

        def update(done: int, total: int, message: str) -> None:
            # messages may hold brackets: they are text, no markup
            bar.update(task, completed=done, total=total, message=message.replace("[", r"\["))

        yield update


def _lines(what: str) -> Update:
    begun = time.monotonic()
    last = float("-inf")

    def update(done: int, total: int, message: str) -> None:
        nonlocal begun, last
        now = time.monotonic()
        if done == 0:
            begun = now  # preparation says nothing about the time that a step takes
        if now - last < _LINE_SECONDS and done < total:
            return
        last = now
        left = f", {(now - begun) * (total - done) / done:.1f} s left" if 0 < done < total else ""
        print(f"{what} {done}/{total}{left}  {message}".rstrip(), file=sys.stderr, flush=True)

    return update
