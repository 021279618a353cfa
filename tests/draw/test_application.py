import os
import subprocess
import sys

import pytest

PROGRAM = """
import os
from resviz.draw.application import ensure_application
application = ensure_application()
assert ensure_application() is application
print(application.platformName(), type(application).__name__)
"""


@pytest.mark.parametrize("display", [None, ":987"], ids=["no display", "dead display"])
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="displays are named on X11 and Wayland only")
def test_drawing_needs_no_display(display):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    if display:
        environment["DISPLAY"] = display
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["offscreen", "QApplication"]


def test_a_running_application_is_used(qapp):
    from resviz.draw.application import ensure_application

    assert ensure_application() is qapp
