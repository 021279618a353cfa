"""What is asked for: the session, its file, its presets. Loads no numerical library."""

from resviz.config.key import limit_key
from resviz.config.load import load_session
from resviz.config.presets import Preset, preset, preset_names
from resviz.config.session import Session

__all__ = ["Preset", "Session", "limit_key", "load_session", "preset", "preset_names"]
