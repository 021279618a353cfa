"""Networks trained together equal networks trained alone."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest
import torch

from resviz.config import Session
from resviz.data import make_problem
from resviz.engine.resnet import resnet
from resviz.errors import RequestError
from resviz.study import crew
from resviz.study.crew import batches, train_all
from resviz.study.ensemble import Ensemble, shape_of, train_together


def session(**network: object) -> Session:
    embedding = {"dimension": 4, "embedding": "random"} if network.pop("embedded", False) else {}
    return Session(
        data={"samples": 3, "dimension": 2 if embedding else 4},
        network={"layers": 5, "units": 6, **embedding, **network},
        training={"steps": 4, "dtype": "float64", "device": "cpu", "rate": network.pop("rate", 1.0)},
    )


def trained(sessions: list[Session]) -> Ensemble:
    *_, last = train_together(sessions, [make_problem(s) for s in sessions])
    assert last is not None
    return last


def alone(chosen: Session) -> list[np.ndarray]:
    steps = (f for f in resnet(chosen, make_problem(chosen), rates=chosen.training.rate_at) if f is not None)
    return [next(steps).output for _ in range(chosen.training.steps + 1)]


DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("embedded", [False, True])
def test_each_replica_is_its_own_network(embedded, device):
    sessions = [
        session(alpha=alpha, seed=seed, parametrisation=form, sigma_u=1.5, embedded=embedded)
        for alpha, seed, form in [(1.0, 1, "multiplier"), (0.3, 2, "output-weights"), (5.0, 1, "multiplier")]
    ]
    sessions.append(sessions[0].with_values({"training.rate": 0.3, "data.seed": 7}))
    ensemble = trained([one.with_values({"training.device": device}) for one in sessions])
    for replica, one in enumerate(sessions):
        np.testing.assert_allclose(ensemble.output[replica], alone(one), rtol=1e-12, atol=1e-13)
    assert (ensemble.diverged == -1).all()


def test_a_replica_that_diverges_spoils_no_other():
    calm = session()
    ensemble = trained([calm, calm.with_values({"training.rate": 1e5})])
    assert ensemble.diverged[0] == -1
    assert 1 <= ensemble.diverged[1] <= 4
    np.testing.assert_allclose(ensemble.output[0], alone(calm), rtol=1e-12, atol=1e-13)


def test_starts_can_be_drawn_again():
    ensemble = Ensemble([session(seed=3), session(seed=5)], [make_problem(session())] * 2)
    for _ in ensemble.prepare():
        pass
    for layer in range(5):
        assert (ensemble.start_of(layer) == ensemble.u[layer]).all()


def test_sessions_of_two_shapes_are_refused():
    sessions = [session(), session(units=7)]
    with pytest.raises(RequestError, match="one shape"):
        Ensemble(sessions, [make_problem(s) for s in sessions])


def test_batches_hold_every_session_once():
    sessions = [session(seed=seed, units=units) for seed in range(7) for units in (2, 3)]
    problems = [make_problem(s) for s in sessions]
    made = batches(sessions, problems, workers=2)
    assert sorted(row for batch in made for row in batch.rows) == list(range(14))
    for batch in made:
        assert {shape_of(s, p) for s, p in zip(batch.sessions, batch.problems, strict=True)} == {batch.shape}
    with_momentum = sessions[0].with_values({"training.optimizer": "momentum"})
    with pytest.raises(RequestError, match="plain gradient descent"):
        batches([with_momentum], problems[:1])


def losses(ensemble: Ensemble) -> list[float]:
    return ensemble.loss[:, -1].tolist()


def test_threads_give_what_one_thread_gives():
    sessions = [session(seed=seed, units=units) for seed in range(3) for units in (2, 3, 4)]
    problems = [make_problem(s) for s in sessions]
    found: dict[int, float] = {}
    fractions = []
    for share in train_all(sessions, problems, losses, workers=2):
        found |= dict(zip(share.rows, share.results, strict=True))
        fractions.append(share.fraction)
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    assert [found[row] for row in range(9)] == [trained([s]).loss[0, -1] for s in sessions]


def test_an_error_in_a_thread_is_raised_and_no_thread_stays():
    def fail(ensemble: Ensemble) -> list[float]:
        raise ZeroDivisionError("measured")

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError, match="measured"):
        for _ in train_all([session()], [make_problem(session())], fail, workers=2):
            pass
    assert threading.active_count() == before


@pytest.mark.parametrize(("memory", "most"), [(1, 1), (10**12, 2)])
def test_only_what_fits_into_memory_is_trained_at_once(monkeypatch, memory, most):
    together = threading.Barrier(most, timeout=30)
    living, alive, mark = [], [], threading.Lock()

    def counted(sessions, problems):
        with mark:
            alive.append(sum(one() is not None for one in living))
        met = False
        for ensemble in train_together(sessions, problems):
            if ensemble is not None and not met:
                met = True
                living.append(weakref.ref(ensemble))
                together.wait()  # breaks, and fails the test, if fewer are at work
            yield ensemble

    monkeypatch.setattr(crew, "machine_memory", lambda: memory)
    monkeypatch.setattr(crew, "train_together", counted)
    sessions = [session(units=units) for units in (2, 3, 4, 5)]
    problems = [make_problem(s) for s in sessions]
    found = [row for share in train_all(sessions, problems, losses, workers=2) for row in share.rows]
    assert sorted(found) == [0, 1, 2, 3]
    assert max(alive) <= most - 1  # one that is done is gone before the next is drawn


def test_closing_stops_the_threads():
    long = session(layers=50).with_values({"training.steps": 100_000})
    work = train_all([long], [make_problem(long)], losses, workers=1)
    next(work)
    before = threading.active_count()
    work.close()
    assert threading.active_count() == before - 1
