"""Where strangers' articles stand, if they do: real files that nobody here wrote, and no part of the project."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("PRESSROOM_CORPUS") or ROOT.parent / "shared" / "articles")
