"""Where the portraits come from, and that nothing else is taken for them."""

from pathlib import Path

import pytest

from identity.faces import portraits

PAGE = """<!DOCTYPE html><html><body>
<a href="../../packages/aa/face_recognition-1.2.3.tar.gz#sha256=00">face_recognition-1.2.3.tar.gz</a><br/>
<a href="../../packages/bb/face_recognition-1.3.0.tar.gz#sha256=5e5e" data-requires-python="&gt;=3">face_recognition-1.3.0.tar.gz</a>
</body></html>"""


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine on which neither pip nor uv was told anything; its `pip.conf`."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "pip.conf"


def test_the_file_of_the_pinned_version_is_chosen() -> None:
    address = portraits.link_in(PAGE, "https://mirror.test/simple/face-recognition/")
    assert address == "https://mirror.test/packages/bb/face_recognition-1.3.0.tar.gz"
    with pytest.raises(LookupError):
        portraits.link_in("<a href='x.whl'>x</a>", "https://mirror.test/simple/face-recognition/")


def test_pips_configuration_is_respected(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.write_text("[global]\nindex-url = https://mirror.test/simple\ncert = /etc/mirror.pem\n")
    assert portraits.index_configuration() == (["https://mirror.test/simple"], "/etc/mirror.pem")
    monkeypatch.setenv("PIP_INDEX_URL", "https://nearer.test/simple")
    assert portraits.index_configuration()[0] == ["https://nearer.test/simple"]


def test_uvs_default_index_comes_after_pips(bare: Path) -> None:
    (bare.parent / "uv").mkdir()
    (bare.parent / "uv" / "uv.toml").write_text('[[index]]\nurl = "https://uv.test/simple"\ndefault = true\n')
    assert portraits.index_configuration()[0][0] == "https://uv.test/simple"
    bare.write_text("[install]\nindex-url = https://mirror.test/simple\n")
    assert portraits.index_configuration()[0][0] == "https://mirror.test/simple"


def test_no_network_is_told_in_one_sentence(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    with pytest.raises(portraits.NotFetched, match=r"127\.0\.0\.1.*PIP_INDEX_URL"):
        portraits.fetch(tmp_path / "portraits")
    assert not (tmp_path / "portraits").exists()


def test_what_is_there_is_not_fetched_again(portrait_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    assert portraits.fetch(portrait_files) is False
