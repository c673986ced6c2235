"""The demo as a newcomer runs it, in the other language than the one everybody tries."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_the_whole_story_in_english(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "api", "demo", "--lang", "en", "--keep", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    for said in (
        "card-blurred",
        "card-not-found",
        "face-does-not-match",
        "nothing lost",
        "one dossier",
        "not started",
        "mandate-unknown",
        "mandate-not-standing",
        "Summary",
    ):
        assert said in done.stdout, said
    papers = {file.name for file in tmp_path.glob("*.pdf")}
    assert papers == {"birth.pdf", "residence.pdf", "insurance.pdf", "identity_card.pdf"}
