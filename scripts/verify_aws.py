"""Asks AWS, through a deployment, what only AWS can answer: docs/verify-on-aws.md."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from verify.program import main  # pylint: disable=wrong-import-position

if __name__ == "__main__":
    sys.exit(main())
