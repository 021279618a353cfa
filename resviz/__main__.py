"""``python -m resviz`` does what the command ``resviz`` does."""

import sys

from resviz.cli import main

if __name__ == "__main__":
    sys.exit(main())
