"""A recording: what a run leaves behind, and the questions it answers.

It stores fields, not units: a network of L = M = 1000 at N = D = 10 takes 0.8 MB a step instead of 80, and
any unit is replayed from them, equal to the trained one to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from resviz.config import Session
from resviz.data import Problem
from resviz.engine.rule import rule
from resviz.errors import RequestError
from resviz.fields import Fields, LimitFields, unit_starts
from resviz.fields.fields import AnyArray
from resviz.fields.steps import Steps
from resviz.observe import Density, Distance, Passage, distance
from resviz.observe.laziness import Frozen, Laziness, frozen_probes
from resviz.observe.observables import Look, observable
from resviz.transport import cohort, limit_places, net_places
from resviz.transport.places import Places

if TYPE_CHECKING:
    from resviz.recording.spool import Spool

__all__ = ["Recording"]

_PASSAGES = 4  # replays kept, so that neighbouring questions do not start from step 0


class Recording:
    """The fields of a network step by step, of its limit, of its lazy twin and of the lazy limit.

    Grows while it is recorded: one writer; readers in other threads look at ``step`` first, and what lies at
    or before it never changes.

    Attributes:
        session: what was asked for, live edits included.
        problem: data, read-in and read-out, so that a recording needs no other file.
        limit: the Mean ODE's fields, or None.
        contrast: the Recording of the twin at ``session.contrast.alpha``, or None.
        lazy: the lazy limit's fields, or None.
        made: what it was made with: device, dtype, threads, versions, platform.
        spool: keeps what is not saved on disk, or None.
    """

    def __init__(self, session: Session, problem: Problem, *, made: Mapping[str, str] | None = None) -> None:
        self.session = session
        self.problem = problem
        self.made = dict(made or {})
        self.spool: Spool | None = None
        self.limit: LimitFields | None = None
        self.contrast: Recording | None = None
        self.lazy: LimitFields | None = None
        self._fields = Steps()
        self._passages: dict[tuple[int, int | None, bool], Passage] = {}
        self._frozen: dict[bool, Frozen] = {}  # of the limit, of the network
        self._pending: dict[str, float | int] = {}

    # ---- growth -------------------------------------------------------------------------------------

    def append(self, fields: Fields) -> None:
        """Add the next step.

        Raises:
            RequestError: the step is not the next one.
        """
        self._fields.append(fields)

    def branch(self, step: int, session: Session) -> Recording:
        """Another recording that keeps the steps before ``step`` and obeys ``session`` from there on.

        Fields are shared, so that it costs no memory; twin and limits branch off with it.

        Args:
            session: this recording's own, apart from live edits at or after ``step``.
        """
        made = Recording(session, self.problem, made=self.made)
        made._fields = self._fields[:step]
        made.limit, made.lazy = (
            None if limit is None else limit.until(step - 1) for limit in (self.limit, self.lazy)
        )
        if self.contrast is not None:
            twin = session.with_values({"network.alpha": self.contrast.session.network.alpha})
            made.contrast = self.contrast.branch(step, twin)
        return made

    def edit(self, *, rate: float | None = None, steps: int | None = None) -> None:
        """Ask for a live edit; it holds from the next step to begin and becomes an event of the session."""
        if rate is not None:
            self._pending["rate"] = float(rate)
        if steps is not None:
            self._pending["steps"] = int(steps)

    @property
    def edited(self) -> bool:
        """Whether an edit was asked for that is no event yet."""
        return bool(self._pending)

    @property
    def pending(self) -> dict[str, float | int]:
        """The edits that were asked for and are no event yet, by name."""
        return dict(self._pending)

    def begin_step(self, step: int) -> None:
        """Turn edits asked for into an event of ``step``; called by whoever records, before the step."""
        asked = dict(self._pending)
        if not asked:
            return
        rate, steps = asked.get("rate"), asked.get("steps")
        if steps is not None:
            steps = max(int(steps), step)  # what is trained cannot be untrained
        net = self.session.with_event(step, rate=rate, steps=steps)
        twin = self.contrast
        self.follow(
            net, None if twin is None else twin.session.with_event(step, rate=rate, steps=steps), asked
        )

    def follow(self, net: Session, twin: Session | None, asked: Mapping[str, float | int]) -> None:
        """Take the sessions of net and twin in which the edits ``asked`` for have become events."""
        self.session = net
        if self.contrast is not None and twin is not None:
            self.contrast.session = twin
        # last, because ``edited`` says to other threads that the session is up to date
        for name, value in asked.items():
            if self._pending.get(name) == value:
                del self._pending[name]

    def rate_at(self, step: int) -> float:
        """eta of the update from ``step`` to ``step`` + 1."""
        return self.session.training.rate_at(step)

    # ---- what was recorded --------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """Newest recorded step; -1 before the first."""
        return len(self._fields) - 1

    @property
    def steps(self) -> int:
        """Planned number of gradient steps K."""
        return self.session.training.last_step

    @property
    def loss(self) -> NDArray[np.float64]:
        """||output - y||^2 / (N d_out) after k steps: (K + 1,)."""
        return self._fields.column("loss")

    @property
    def output(self) -> AnyArray:
        """(K + 1, N, d_out)."""
        if self.step < 0:
            return np.empty((0, self.problem.samples, self.problem.d_out))
        return np.stack([f.output for f in self._fields])

    def fields(self, step: int) -> Fields:
        """h, b (L + 1, N, D) that the units produce after ``step`` gradient steps.

        Raises:
            RequestError: the step is not recorded.
        """
        if not 0 <= step <= self.step:
            raise RequestError(
                f"step = {step} is not recorded", remedy=f"choose a step from 0 to {self.step}"
            )
        return self._fields[step]

    @property
    def history(self) -> Steps:
        """All steps, as they lie in memory and in files."""
        return self._fields

    # ---- what is replayed ---------------------------------------------------------------------------

    def units(self, layer: int, step: int) -> tuple[AnyArray, AnyArray]:
        """(u, v) of a layer after ``step`` steps, each (M, D): replayed, equal to the trained units."""
        self._check(layer, step)
        return self._push(layer, step, net_places(self.fields, [layer], self.session.network.layers))

    def twins(self, layer: int, step: int) -> tuple[AnyArray, AnyArray]:
        """Ideal twins of a layer's units: the same starts through the limit's fields at s = l/L; (M, D)."""
        self._check(layer, step)
        depth = np.array([layer / self.session.network.layers])
        return self._push(layer, step, limit_places(self._the_limit(step), depth))

    def values(
        self, name: str, *, layer: int, step: int, sample: int = 0, coordinate: int = 0,
        window: int = 1, direction: Any = None,
    ) -> AnyArray:  # fmt: skip
        """An observable of the finite units: (M,), or (window M,) with layers pooled around ``layer``."""
        self._check(layer, step)
        look = Look.at(self.problem, sample=sample, coordinate=coordinate, direction=direction)
        return self._passage(layer, window, finite=True).finite_values(step, observable(name), look)[0]

    def density(
        self, name: str, *, layer: int, step: int, sample: int = 0, coordinate: int = 0,
        window: int = 1, direction: Any = None,
    ) -> Density:  # fmt: skip
        """The density that the Mean ODE predicts for an observable at the depth of a layer.

        Raises:
            RequestError: nothing is recorded there, or all units have one value (travel at k = 0).
        """
        self._check(layer, step)
        self._the_limit(step)
        look = Look.at(self.problem, sample=sample, coordinate=coordinate, direction=direction)
        chosen = observable(name)
        found = self._passage(layer, window, finite=False).limit_values(step, chosen, look)[0].density(chosen)
        if found is None:
            raise RequestError(
                f"{name} at step = {step} has no density: all units have one value",
                remedy="choose a later step",
            )
        return found

    def distance(
        self, name: str, *, layer: int, step: int, sample: int = 0, coordinate: int = 0,
        window: int = 1, direction: Any = None,
    ) -> Distance:  # fmt: skip
        """KS and W1 of a layer's units from the limit's density, with their nulls."""
        where = {"layer": layer, "step": step, "sample": sample, "coordinate": coordinate}
        limit = self.density(name, **where, window=window, direction=direction)
        return distance(self.values(name, **where, window=window, direction=direction), limit)

    def laziness(self, step: int, *, limit: bool = False) -> float:
        """RMS of (u_k - u_0) . h_0 / D over RMS of u_0 . h_0 / D, over all units, samples and layers.

        Probes are frozen at k = 0 (mathematics.md 6): some 1 where features are learned, 1/alpha when lazy.

        Args:
            limit: of the Mean ODE's units instead of the network's.
        """
        return self._read_frozen(step, limit).laziness

    def kernel_drift(self, step: int, *, layer: int | None = None, limit: bool = False) -> float:
        """|Phi_k - Phi_0| / |Phi_0| (Frobenius) of the feature kernel with probes frozen at k = 0.

        Args:
            layer: of this layer; left out, the mean over layers.
            limit: of the Mean ODE's units instead of the network's.
        """
        if layer is None:
            return self._read_frozen(step, limit).mean_drift
        self._check(layer, step)
        one = frozen_probes(self, [layer], limit=self._the_limit(step) if limit else None)
        return one.read(step).mean_drift

    def save(self, path: str | PathLike[str], *, overwrite: bool = True) -> Path:
        """Write the recording to a .resviz file; atomic. Returns the path written.

        Raises:
            OutputError: the file exists and ``overwrite`` is False, or it cannot be written.
        """
        from resviz.recording.file import save_recording

        return save_recording(self, Path(path), overwrite=overwrite)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, Any]:
        """What a notebook shows: a small film, drawn by a layer above that is looked up when it is needed."""
        shown: Mapping[str, Any] = import_module("resviz.export.notebook").mimebundle(self)
        return shown

    # ---- inside -------------------------------------------------------------------------------------

    def _check(self, layer: int, step: int) -> None:
        total = self.session.network.layers
        if not 0 <= layer < total:
            raise RequestError(
                f"layer = {layer} does not exist", remedy=f"choose a layer from 0 to {total - 1}"
            )
        self.fields(step)

    def _the_limit(self, step: int) -> LimitFields:
        if self.limit is None:
            raise RequestError("this recording holds no limit", remedy="record it with resviz.run")
        self.limit.fields(step)
        return self.limit

    def _push(self, layer: int, step: int, places: Places) -> tuple[AnyArray, AnyArray]:
        network = self.session.network
        starts = unit_starts(network.seed, layer, network.units, self.problem.dimension)[None]
        units = cohort(starts, rule(self.session), dtype=self.session.training.dtype)
        for k in range(step):
            units.push(places.seen(k))
        u, v = units.u[0].numpy().T.copy(), units.v[0].numpy().T.copy()  # (D, M) -> (M, D)
        return u, v

    def _read_frozen(self, step: int, limit: bool) -> Laziness:
        self.fields(step)
        fields = self._the_limit(step) if limit else None
        if limit not in self._frozen:
            self._frozen[limit] = frozen_probes(self, limit=fields)
        return self._frozen[limit].read(step)

    def _passage(self, layer: int, window: int, *, finite: bool) -> Passage:
        key = (layer, window, finite)
        passage = self._passages.pop(key, None) or Passage(self, [layer], window=window, finite=finite)
        self._passages[key] = passage  # most recent last
        while len(self._passages) > _PASSAGES:
            self._passages.pop(next(iter(self._passages)))
        return passage
