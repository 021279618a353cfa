"""Files that somebody broke, by accident or on purpose; and a child process that opens them.

Run as a program it opens the inputs FIRST to LAST under a bound on memory and under an audit hook, and prints
one line for each that did anything but load, or be refused with one clear message.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
BASES = sorted((HERE / "versions").glob("*.resviz"))
CORPUS = HERE / "hostile"
SPOOL = HERE / "versions" / "1.spool"
SESSION = HERE.parent / "config" / "versions" / "1.toml"
HUGE: list[Any] = [
    -1, 0, 10**9, 10**12, 2**63, 10**400, 1e308, -0.5, None, True, "", "x", "inf", "nan", "\0", "../../x", [],
    [[]], {}, [10**9] * 5, {"a": {}}, "🦊" * 1000, [None] * 1000,
]  # fmt: skip


def members(path: Path) -> dict[str, bytes]:
    """Name and content of all members of a zip."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(content: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def npy(header: str, data: bytes = b"") -> bytes:
    """An .npy file with any header."""
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def header(descr: str, shape: str) -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


def crafted() -> dict[str, bytes]:
    """Inputs with an intent, by name."""
    whole = members(BASES[-1])
    manifest = json.loads(whole["manifest.json"])
    pickled = np.lib.format.magic(1, 0) + b"v\0" + header("'|O'", "(4,)").encode().ljust(117) + b"\n"
    pickled += b"cos\nsystem\n(S'touch executed'\ntR."
    nested = "[" * 100_000 + "]" * 100_000
    made: dict[str, bytes] = {
        "empty": b"",
        "empty-zip": zipped({}),
        "text": b"hello\n" * 100,
        "nul": b"\0" * 10_000,
        "only-manifest": zipped({"manifest.json": whole["manifest.json"]}),
        "deflated": zipped(whole, zipfile.ZIP_DEFLATED),
        "bomb": zipped(whole | {"net/h-00000.npy": b"\0" * 300_000_000}, zipfile.ZIP_DEFLATED),
        "long-session": zipped(whole | {"session.toml": b"#" * 30_000_000}),
        "deep-session": zipped(whole | {"session.toml": b"a = " + nested.encode()}),
        "dotted-session": zipped(whole | {"session.toml": b".".join([b"a"] * 100_000) + b" = 1"}),
        "many-tables": zipped(whole | {"session.toml": b"".join(b"[a%d]\n" % i for i in range(50_000))}),
        "deep-manifest": zipped(whole | {"manifest.json": nested.encode()}),
        "manifest-list": zipped(whole | {"manifest.json": b"[1]"}),
        "manifest-digits": zipped(whole | {"manifest.json": b'{"schema": ' + b"9" * 5000 + b"}"}),
        "manifest-utf": zipped(whole | {"manifest.json": b"\xff\xfe\xff"}),
        "parent-name": zipped(whole | {"../../evil.npy": b"x"}),
        "absolute-name": zipped(whole | {"/evil": b"x"}),
        "drive-name": zipped(whole | {"C:\\evil": b"x"}),
        "nul-name": zipped(whole | {"a\0b": b"x"}),
        "pickle": zipped(whole | {"net/h-00000.npy": pickled}),
        "code-header": zipped(whole | {"net/h-00000.npy": npy("__import__('os').system('touch executed')")}),
        "nested-header": zipped(whole | {"net/h-00000.npy": npy("(" * 100)}),
        "npy-cut": zipped(whole | {"problem/x-00000.npy": whole["problem/x-00000.npy"][:-8]}),
        "npy-long": zipped(whole | {"problem/x-00000.npy": whole["problem/x-00000.npy"] + b"\0" * 64}),
        "twice": _twice(whole),
        "thousands": zipped(whole | {f"m{i}": b"" for i in range(10_000)}),
    }
    for name, shape in {
        "huge": "(1000000000000,)",
        "negative": "(-1,)",
        "overflow": "(4294967296, 4294967296)",
    }.items():
        data = npy(header("'<f8'", shape), b"\0" * 48)
        made[f"{name}-shape"] = zipped(whole | {"problem/x-00000.npy": data})
    for name, value in {"nan": np.nan, "infinite": np.inf}.items():
        for member in ("net/h-00000.npy", "problem/x-00000.npy", "net/loss-00000.npy", "limit/s-00000.npy"):
            array = np.load(io.BytesIO(whole[member])).copy()
            array.reshape(-1)[1] = value
            buffer = io.BytesIO()
            np.save(buffer, array)
            unhashed = manifest | {"sha256": {}}
            content = {member: buffer.getvalue(), "manifest.json": json.dumps(unhashed).encode()}
            made[f"{name}-{member.replace('/', '-')}"] = zipped(whole | content)
    for name, change in {
        "layers": {"network": {"layers": 100_000}},
        "units": {"network": {"units": 10_000_000}},
        "infinite": {"network": {"alpha": "inf"}},
        "steps": {"training": {"steps": 10_000_000}},
        "events": {"training": {"events": [{"step": 1, "rate": 1.0}] * 10_001}},
    }.items():
        made[f"session-{name}"] = zipped(whole | {"session.toml": _toml(change).encode()})
    return made


def crafted_data() -> list[tuple[str, str, bytes]]:
    """Data sets with an intent: name, extension, bytes."""
    x = io.BytesIO()
    np.save(x, np.ones((3, 2)))
    whole = {"x.npy": x.getvalue(), "y.npy": x.getvalue()}
    objects = io.BytesIO()
    np.save(objects, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    bomb = npy(header("'<f8'", "(40000000, 1)"), b"\0" * 320_000_000)
    zips = {
        "objects": zipped(whole | {"x.npy": objects.getvalue()}),
        "bomb": zipped(whole | {"x.npy": bomb}, zipfile.ZIP_DEFLATED),
        "bomb-float16": zipped(
            whole | {"x.npy": npy(header("'<f2'", "(60000000, 1)"), b"\0" * 120_000_000)},
            zipfile.ZIP_DEFLATED,
        ),
        "huge": zipped(whole | {"x.npy": npy(header("'<f8'", "(1000000000, 1000)"), b"\0" * 80)}),
        "overflow": zipped(whole | {"x.npy": npy(header("'<f8'", "(4294967296, 4294967296)"))}),
        "negative": zipped(whole | {"x.npy": npy(header("'<f8'", "(-1, 2)"), b"\0" * 80)}),
        "code": zipped(whole | {"x.npy": npy("__import__('os').system('touch executed')")}),
        "nested": zipped(whole | {"x.npy": npy("(" * 100)}),
        "long-header": zipped(whole | {"x.npy": npy(header("'<f8'", "(" + "1, " * 20_000 + ")"))}),
        "cut": zipped(whole)[:-40],
        "parent": zipped(whole | {"../x.npy": b""}),
        "text": b"x,y",
    }
    tables = {
        "nul": b"a,b\n\0,1\n",
        "quotes": b'a,b\n"' + b"x" * 300_000 + b"\n1,2",
        "wide": b",".join(b"c%d" % i for i in range(30_000)) + b"\n" + b",".join([b"1"] * 30_000),
        "long": b"a,b\n" + b"1,2\n" * 200_000,
        "digits": b"a,b\n" + b"9" * 100_000 + b",1\n1,2\n",
        "huge-numbers": b"a,b\n1e400,1\n1,2\n",
        "binary": bytes(range(256)) * 100,
    }
    sessions = {
        "long": b"#" * 30_000_000,
        "dots": b".".join([b"a"] * 100_000) + b" = 1",
        "quoted-dots": b".".join([b'"a"'] * 100_000) + b" = 1",
        "word": b"a" * 1_999_000,
        "tables": b"".join(b"[a%d]\n" % i for i in range(100_000)),
        "inline": b"a = " + b"{a=" * 10_000 + b"1" + b"}" * 10_000,
        "arrays": b"a = " + b"[" * 100_000,
        "keys": b"[network]\n" + b"".join(b"k%d = 1\n" % i for i in range(50_000)),
        "events": b"".join(b"[[training.events]]\nstep = %d\nrate = -1.0\n" % i for i in range(9_000)),
        "targets": b"[data]\nkind = 'file'\npath = 'x.csv'\ntargets = ['a'" + b", 'b'" * 200_000 + b"]",
        "title": b'title = "' + b"x" * 1_000_000 + b'"',
        "utf-16": "schema = 1".encode("utf-16"),
    }
    kinds = {".npz": zips, ".csv": tables, ".toml": sessions}
    return [(name, suffix, data) for suffix, made in kinds.items() for name, data in made.items()]


def _twice(whole: dict[str, bytes]) -> bytes:
    import warnings

    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        for name, data in [*whole.items(), ("session.toml", b"schema = 1")]:
            archive.writestr(name, data)
    return buffer.getvalue()


def _toml(tables: dict[str, dict[str, Any]]) -> str:
    lines = []
    for table, values in tables.items():
        lines.append(f"[{table}]")
        for key, value in values.items():
            if isinstance(value, list):
                lines += [
                    "[[training.events]]\n" + "\n".join(f"{k} = {v}" for k, v in row.items()) for row in value
                ]
            else:
                lines.append(f"{key} = {value}")
    return "\n".join(lines)


# --- mutations: each takes a random source and bytes


def flipped(chance: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice([1, 1, 3, 30])):
        if out:
            out[chance.randrange(len(out))] = chance.randrange(256)
    return bytes(out)


def cut(chance: random.Random, data: bytes) -> bytes:
    start = chance.choice([0, 0, chance.randrange(len(data) or 1)])
    return data[start : start + chance.randrange(len(data) + 1)]


def spliced(chance: random.Random, data: bytes) -> bytes:
    a, b, c = (chance.randrange(len(data) + 1) for _ in range(3))
    return data[:a] + data[min(b, c) : max(b, c)] * chance.choice([1, 2, 20]) + data[a:]


def directory(chance: random.Random, data: bytes) -> bytes:
    """Numbers in the zip's own headers: sizes, offsets, methods, flags."""
    out = bytearray(data)
    marks = [i for i in range(len(out) - 4) if out[i : i + 4] in (b"PK\1\2", b"PK\3\4", b"PK\5\6")]
    for _ in range(chance.choice([1, 2, 5])):
        at = chance.choice(marks) + chance.randrange(4, 46)
        value = chance.choice([0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, chance.randrange(2**32)])
        if at + 4 <= len(out):
            out[at : at + 4] = struct.pack("<I", value)
    return bytes(out)


def restated(chance: random.Random, data: bytes) -> bytes:
    """A value somewhere in the manifest replaced, removed or moved; hashes left out half of the time."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(content["manifest.json"])
    if chance.random() < 0.5:
        manifest["sha256"] = {}
    for _ in range(chance.choice([1, 1, 2, 4])):
        node: Any = manifest
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(node[key], dict | list) and node[key] and chance.random() < 0.85:
                node = node[key]
                continue
            if chance.random() < 0.2:
                del node[key]
            else:
                node[key] = chance.choice(HUGE)
            break
    content["manifest.json"] = json.dumps(manifest).encode()
    return zipped(content)


def reshaped(chance: random.Random, data: bytes) -> bytes:
    """One member with another array, header or content."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(content["manifest.json"])
    name = chance.choice([n for n in content if n.endswith(".npy")])
    array = np.load(io.BytesIO(content[name]))
    new = chance.choice(
        [
            lambda: array.astype(chance.choice(["<f4", "<f8", ">f8", "<i8", "<f2", "<c16", "S3"])),
            lambda: array.reshape(-1)[: chance.randrange(array.size + 1)],
            lambda: np.asfortranarray(array),
            lambda: array * chance.choice([np.nan, np.inf, 1e300, 0.0, -1.0]),
            lambda: array[..., None],
            lambda: np.zeros(chance.choice([(0,), (1,), (2, 2), (3, 0, 2)])),
        ]
    )
    buffer = io.BytesIO()
    with np.errstate(all="ignore"):
        np.save(buffer, new())
    content[name] = chance.choice([buffer.getvalue(), flipped(chance, content[name])])
    if chance.random() < 0.8 and manifest["schema"] > 1:
        manifest["sha256"] = {}
        content["manifest.json"] = json.dumps(manifest).encode()
    return zipped(content)


MUTATIONS: list[Callable[[random.Random, bytes], bytes]] = [
    flipped,
    cut,
    spliced,
    directory,
    restated,
    reshaped,
]


def words(chance: random.Random, data: bytes) -> bytes:
    """A session with values and lines exchanged."""
    lines = data.decode().splitlines()
    for _ in range(chance.choice([1, 2, 5])):
        at = chance.randrange(len(lines))
        key = lines[at].split("=")[0]
        value = chance.choice(HUGE)
        text = json.dumps(value) if not isinstance(value, dict) else "{ a = 1 }"
        lines[at] = chance.choice(
            [
                f"{key}= {text}",
                key,
                f"{key}=",
                lines[at] * 2,
                "[[",
                f"[{key}]",
                chance.choice(lines),
                "\x00",
                "'''",
            ]
        )
    return "\n".join(lines).encode()


def journal(chance: random.Random, data: bytes) -> bytes:
    """A spool's journal with a value replaced and its line checked again, or broken."""
    from resviz.recording.spool.pieces import entries, line

    if chance.random() < 0.3:
        return chance.choice([flipped, cut, spliced])(chance, data)
    found = entries(data)[0]
    for _ in range(chance.choice([1, 1, 3])):
        entry = chance.choice(found)
        key = chance.choice(list(entry))
        if chance.random() < 0.2:
            del entry[key]
        elif isinstance(entry[key], list) and entry[key] and chance.random() < 0.7:
            entry[key][chance.randrange(len(entry[key]))] = chance.choice(HUGE)
        else:
            entry[key] = chance.choice([*HUGE, chance.choice(found).get(key)])
        if not entry:
            found.remove(entry)
    if chance.random() < 0.2:
        chance.shuffle(found)
    return b"".join(map(line, found))


def inputs(first: int, last: int) -> list[tuple[str, str, bytes]]:
    """Name, extension and bytes of the inputs ``first`` to ``last``: stored, then crafted, then mutated."""
    stored = [(p.name, p.suffix, p.read_bytes()) for p in sorted(CORPUS.iterdir())]
    made = crafted() if first < len(stored) + 200 else {}
    stored += crafted_data() if made else []
    known = [*stored, *((name, ".resviz", data) for name, data in made.items())]
    out = []
    for number in range(first, last):
        if number < len(known):
            out.append(known[number])
            continue
        chance = random.Random(number)
        if number % 8 == 1:
            out.append((f"{number}-journal", ".spool", journal(chance, (SPOOL / "journal").read_bytes())))
        elif number % 8 == 0:
            change = chance.choice([words, words, flipped, cut, spliced])
            out.append((f"{number}-{change.__name__}", ".toml", change(chance, SESSION.read_bytes())))
        else:
            change = chance.choice(MUTATIONS)
            data = change(chance, chance.choice(BASES).read_bytes())
            out.append((f"{number}-{change.__name__}", ".resviz", data))
    return out


def use(path: Path) -> None:
    """Open a file and read everything that it holds."""
    from resviz.config import Session, load_session
    from resviz.data import make_problem
    from resviz.recording import open_recording
    from resviz.recording.lanes import lanes
    from resviz.recording.spool import recover

    if path.suffix == ".toml":
        load_session(path)
        return
    if path.suffix in (".npz", ".csv"):
        targets = {"targets": ["b"]} if path.suffix == ".csv" else {}
        make_problem(Session(data={"kind": "file", "path": str(path), **targets}))
        return
    recording = recover(path) if path.suffix == ".spool" else open_recording(path)
    for lane in lanes(recording).values():
        assert len(lane.loss) == len(lane.output)
        for fields in lane.history:
            assert np.isfinite(fields.h).all()
    if recording.spool is not None:
        recording.spool.close()


FORBIDDEN = (
    "exec", "compile", "import", "marshal.loads", "code.__new__", "pickle.find_class", "ctypes", "socket",
    "os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "webbrowser.open",
    "os.remove", "os.rename", "os.mkdir", "shutil",
)  # fmt: skip


_MOST = 500  # times what all good files take together; the longest texts take a hundred


def main(folder: Path, first: int, last: int) -> None:
    import resource
    import time

    # imported when they are first needed
    import pydantic._internal._dataclasses
    import pydantic.type_adapter  # noqa: F401

    from resviz.errors import ResvizError

    spool = folder / "input.spool"
    shutil.copytree(SPOOL, spool, dirs_exist_ok=True)
    good = [*BASES, SESSION, spool]
    for path in good:
        use(path)  # what is imported late is imported now
    begun = time.process_time()
    for _ in range(5):
        for path in good:
            use(path)
    usual = (time.process_time() - begun) / 5  # some 12 ms: a machine may be ten times as slow an hour later
    seen: list[str] = []
    watching = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and (
            event.startswith(FORBIDDEN) or (event == "open" and arguments[1] not in (None, "r", "rb"))
        ):
            seen.append(f"{event} {arguments[0] if event == 'import' else ''}")

    sys.addaudithook(hook)
    batch = inputs(first, last)
    page = resource.getpagesize()
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * page
    resource.setrlimit(resource.RLIMIT_AS, (taken + 500_000_000, resource.RLIM_INFINITY))
    outcomes = {"loaded": 0, "refused": 0}
    for name, suffix, data in batch:
        path = folder / f"input{suffix}"
        if suffix == ".spool":
            shutil.copytree(SPOOL, path, dirs_exist_ok=True)
            (path / "journal").write_bytes(data)
        else:
            path.write_bytes(data)
        seen.clear()
        watching, before, wrong = True, time.process_time(), ""
        try:
            use(path)
            outcomes["loaded"] += 1
        except ResvizError as error:
            outcomes["refused"] += 1
            if len(error.message) > 3000 or "input" not in error.message or "Traceback" in error.message:
                wrong = f"an unclear message: {error.message[:300]}"
        except BaseException as error:
            wrong = f"{type(error).__name__}: {str(error)[:300]}"
        watching = False
        seconds = time.process_time() - before
        if seconds > _MOST * usual:
            wrong = f"{seconds / usual:.0f} times as long as all good files {wrong}"
        if suffix == ".npz":  # numpy parses a header as a literal, which compiles and executes nothing
            seen[:] = [event for event in seen if event != "compile "]
        if seen:
            wrong = f"did {seen[:5]} {wrong}"
        if wrong:
            print(f"{name}: {wrong}")
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
