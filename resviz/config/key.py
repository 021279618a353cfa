"""The identity of a limit: sessions with one key have one limit, solved once."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from resviz.config.activations import fingerprint
from resviz.config.session import Session


def limit_key(session: Session) -> str:
    """SHA-256 (hex) of all that the limit depends on.

    That is not the shape L, M (*depth is width* keeps the limit), not network.seed, not the title, not the
    twin's alpha, not the device. A data file counts by its content, wherever it lies; a missing one by its
    path. Settings that the chosen optimiser or solver does not read do not count either.
    """
    mapping: dict[str, Any] = session.to_mapping()
    del mapping["title"], mapping["contrast"]
    network, training, limit, data = (mapping[name] for name in ("network", "training", "limit", "data"))
    for name in ("layers", "units", "seed"):
        del network[name]
    if function := fingerprint(session.network.activation):
        network["activation"] += f":{function}"  # a registered name may stand for another function tomorrow
    del training["device"]
    if session.training.optimizer != "sgd":
        del training["batch"], training["batch_seed"]
    if session.training.optimizer != "momentum":
        del training["momentum"]
    if "auto" not in (session.limit.nodes, session.limit.units):
        del limit["tolerance"]
    if session.data_path is not None:
        try:
            data["path"] = hashlib.sha256(session.data_path.read_bytes()).hexdigest()
        except OSError:
            data["path"] = str(session.data_path.absolute())
    text = json.dumps(mapping, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
