"""Activations of one's own: registered, refused where they are wrong, and followed by every solver."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch

import resviz
from resviz.block.activation import ACTIVATIONS, Tanh
from resviz.config import activations, limit_key
from resviz.config.describe import FIELDS
from resviz.config.diagnose import allowed
from resviz.engine.compiled import compiled
from resviz.engine.kernels import ErfKernel
from resviz.engine.lazykernel import lazy_cost
from resviz.engine.meanode import Sweep
from resviz.errors import RecordingError, RequestError, SessionError


class Swish(resviz.Activation):
    """sigma(p) = p/(1 + e^-p): value and slope alone."""

    def value(self, p):
        return p * torch.sigmoid(p)

    def slope(self, p):
        s = torch.sigmoid(p)
        return s + p * s * (1.0 - s)


class Tangent(resviz.Activation):
    """tanh again, without its curvature."""

    def value(self, p):
        return torch.tanh(p)

    def slope(self, p):
        return 1.0 - torch.tanh(p) ** 2


class Leaky(resviz.Activation):
    """A kink at 0."""

    def value(self, p):
        return torch.where(p > 0, p, 0.1 * p)

    def slope(self, p):
        return torch.where(p > 0, torch.ones_like(p), torch.full_like(p, 0.1))


class Closed(resviz.Activation):
    """erf again, with its closed form."""

    def value(self, p):
        return torch.erf(p)

    def slope(self, p):
        return 2.0 / math.sqrt(math.pi) * torch.exp(-p * p)

    def kernel(self, rate_v, rate_u):
        return ErfKernel(rate_v, rate_u)


class Untyped(resviz.Activation):
    """What TorchScript cannot compile: it goes through numpy and keyword arguments."""

    def value(self, p, **more):
        return torch.from_numpy(np.asarray(np.sin(p.numpy(), **more)))

    def slope(self, p):
        return torch.from_numpy(np.asarray(np.cos(p.numpy())))


@pytest.fixture(autouse=True)
def forget():
    """Names registered by one test are unknown to the next."""
    names, classes = dict(activations._registered), dict(ACTIVATIONS)
    yield
    for now, before in ((activations._registered, names), (ACTIVATIONS, classes)):
        now.clear()
        now.update(before)


def session(name: str, **more: object) -> resviz.Session:
    return resviz.Session(
        data={"samples": 3, "dimension": 3},
        network={"layers": 6, "units": 16, "activation": name},
        training={"steps": 4, "dtype": "float64", **more},
        limit={"nodes": 8, "units": 64},
    )


def test_a_name_is_allowed_once_it_is_registered():
    with pytest.raises(
        SessionError, match=r'activation = "swish".*allowed: "tanh", .*"identity"\n.*register_'
    ):
        session("swish")
    assert resviz.register_activation("swish", Swish) is Swish
    assert session("swish").network.activation == "swish"
    assert allowed("network.activation").endswith('"identity", "swish"')
    schema = resviz.Session.model_json_schema(by_alias=True)
    assert schema["$defs"]["Network"]["properties"]["activation"]["enum"][-1] == "swish"
    shown = next(field for field in FIELDS if field.path == "network.activation")
    assert shown.kind == "choice"
    assert shown.choices == (*activations.BUILT_IN, "swish")


def test_an_unregistered_name_in_a_file_is_refused_with_the_remedy(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('[network]\nactivation = "swish"\n')
    with pytest.raises(SessionError, match=r'mine\.toml: network\.activation = "swish"') as refused:
        resviz.load_session(file)
    assert 'resviz.register_activation("swish"' in refused.value.remedy
    resviz.register_activation("swish", Swish)
    assert resviz.load_session(file).network.activation == "swish"


def test_a_decorator_registers_too():
    @resviz.register_activation("cube-root")
    class Root(resviz.Activation):
        def value(self, p):
            return torch.asinh(p)

        def slope(self, p):
            return 1.0 / torch.sqrt(1.0 + p * p)

    assert issubclass(Root, resviz.Activation)
    assert session("cube-root").network.activation == "cube-root"


class WrongSlope(Swish):
    def slope(self, p):
        return torch.sigmoid(p)


class WrongShape(Swish):
    def value(self, p):
        return p.sum()


class WrongType(Swish):
    def value(self, p):
        return super().value(p).double()


class Infinite(Swish):
    def value(self, p):
        return torch.log(p)


class Failing(Swish):
    def value(self, p):
        return p.no_such_thing()


class WithArguments(Swish):
    def __init__(self, width):
        super().__init__()


class NoSlope(resviz.Activation):
    def value(self, p):
        return p


@pytest.mark.parametrize(
    ("name", "sigma", "match"),
    [
        ("tanh", Swish, "built in"),
        ("Swish!", Swish, "name 'Swish!' is not allowed"),
        ("", Swish, "not allowed"),
        (3, Swish, "not allowed"),
        ("x", torch.tanh, "no subclass of resviz.Activation"),
        ("x", WrongSlope, r"slope\(.*\) = .*difference quotient"),
        ("x", WrongShape, r"gives \(\) of torch.float64"),
        ("x", WrongType, "of torch.float32 gives .* of torch.float64"),
        ("x", Infinite, "not finite"),
        ("x", Failing, "value fails .* AttributeError"),
        ("x", WithArguments, r"WithArguments\(\) fails"),
        ("x", NoSlope, "slope fails .* NotImplementedError"),
    ],
)
def test_what_is_no_activation_is_refused(name, sigma, match):
    with pytest.raises(RequestError, match=match) as refused:
        resviz.register_activation(name, sigma)
    assert refused.value.remedy
    assert activations.activation_names() == activations.BUILT_IN


@pytest.mark.parametrize("sigma", [Swish, Untyped, Leaky])
def test_a_run_trains_replays_and_draws(sigma):
    """Whether TorchScript takes the class or not."""
    resviz.register_activation("mine", sigma)
    assert isinstance(compiled(Sweep, sigma), torch.jit.ScriptModule) is (sigma is not Untyped)
    rec = resviz.run(session("mine"))
    assert rec.loss[-1] < rec.loss[0]
    assert rec.limit.loss[-1] < rec.limit.loss[0]
    assert rec.lazy.newest == 4
    u, _ = rec.units(layer=2, step=4)
    p = rec.values("preactivation", layer=2, step=4, sample=1)
    np.testing.assert_allclose(p, u @ rec.fields(4).h[2, 1] / 3, atol=1e-12)
    with torch.no_grad():
        wanted = sigma().value(torch.from_numpy(p)).numpy()
    np.testing.assert_allclose(rec.values("activation", layer=2, step=4, sample=1), wanted, atol=1e-12)
    assert rec.density("preactivation", layer=2, step=4).pdf.max() > 0


def test_a_copy_of_tanh_is_tanh():
    """Network, Mean ODE and both lazy limits agree with the built-in one; kernels need no curvature."""
    resviz.register_activation("tangent", Tangent)
    mine, built_in = (resviz.run(session(name)) for name in ("tangent", "tanh"))
    np.testing.assert_allclose(mine.output, built_in.output, atol=1e-12)
    np.testing.assert_allclose(mine.limit.output, built_in.limit.output, atol=1e-12)
    assert mine.lazy.solver == "kernels"
    np.testing.assert_allclose(mine.lazy.output, built_in.lazy.output, atol=1e-8)
    particles = {"limit.engine": "particles"}
    mine, built_in = (resviz.solve_lazy(session(name).with_values(particles)) for name in ("tangent", "tanh"))
    assert mine.solver == "particles"
    np.testing.assert_allclose(mine.output, built_in.output, atol=1e-4)


def test_a_closed_form_is_taken_and_a_kink_goes_to_particles():
    for name, sigma in (("closed", Closed), ("leaky", Leaky)):
        resviz.register_activation(name, sigma)
    closed, erf = (resviz.solve_lazy(session(name)) for name in ("closed", "erf"))
    np.testing.assert_allclose(closed.output, erf.output, atol=1e-14)
    from resviz.data import make_problem

    leaky = session("leaky")
    assert math.isinf(lazy_cost(leaky, make_problem(leaky)))
    assert resviz.solve_lazy(leaky).solver == "particles"


def test_a_recording_says_which_activation_it_needs(tmp_path):
    resviz.register_activation("swish", Swish)
    rec = resviz.run(session("swish"))
    path = rec.save(tmp_path / "mine")
    again = resviz.open_recording(path)
    np.testing.assert_array_equal(again.units(layer=1, step=4)[0], rec.units(layer=1, step=4)[0])
    del activations._registered["swish"]
    with pytest.raises(RecordingError, match=r"mine\.resviz was made with the activation 'swish'") as refused:
        resviz.open_recording(path)
    assert "resviz.register_activation('swish'" in refused.value.remedy
    resviz.register_activation("swish", Tangent)
    with pytest.raises(RecordingError, match="another function"):
        resviz.open_recording(path)


def test_an_unsaved_run_says_so_too(tmp_path):
    """Its spool, found after a crash."""
    from collections import deque

    from resviz.recording import record
    from resviz.recording.spool import recover, spooled

    resviz.register_activation("swish", Swish)
    last = deque(spooled(record(session("swish")), path=tmp_path / "run"), maxlen=1)[0]
    last.recording.spool.close()
    del activations._registered["swish"]
    with pytest.raises(RecordingError, match="run was made with the activation 'swish'"):
        recover(tmp_path / "run")
    resviz.register_activation("swish", Swish)
    again = recover(tmp_path / "run")
    assert again.step == 4
    again.spool.close()


def test_another_function_of_the_same_name_is_another_limit():
    resviz.register_activation("mine", Swish)
    first = limit_key(session("mine"))
    resviz.register_activation("mine", Swish)
    assert limit_key(session("mine")) == first
    resviz.register_activation("mine", Tangent)
    assert limit_key(session("mine")) != first


def test_another_process_has_to_register_it_too(tmp_path):
    """As a dask worker does: the module that registers is imported there, or the name is refused."""
    import pickle

    (tmp_path / "my_activations.py").write_text(
        "import resviz, torch\n"
        "@resviz.register_activation('swish')\n"
        "class Swish(resviz.Activation):\n"
        "    def value(self, p):\n        return p * torch.sigmoid(p)\n"
        "    def slope(self, p):\n        s = torch.sigmoid(p)\n        return s + p * s * (1 - s)\n"
    )
    resviz.register_activation("swish", Swish)
    (tmp_path / "session.pkl").write_bytes(pickle.dumps(session("swish")))
    code = (
        "import pickle, json, resviz\n"
        "asked = pickle.load(open('session.pkl', 'rb'))\n"
        "try:\n    resviz.solve_limit(asked); said = ''\n"
        "except resviz.errors.RequestError as error:\n    said = str(error)\n"
        "import my_activations\n"
        "print(json.dumps([said, resviz.solve_limit(asked).loss[-1]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120, cwd=tmp_path
    )
    said, loss = json.loads(done.stdout)
    assert "not known to this process" in said
    assert "register_activation('swish'" in said
    assert loss == pytest.approx(resviz.solve_limit(session("swish")).loss[-1])


def test_the_built_in_ones_need_no_registration():
    assert tuple(ACTIVATIONS) == activations.BUILT_IN
    assert issubclass(Tanh, resviz.Activation)
