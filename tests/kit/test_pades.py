"""A signed paper: a foreign reader finds the signature good and a changed byte; seals from files; a timestamp where one is asked for."""

import asyncio
import shutil
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import keys, pem, tsp, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import ExtendedKeyUsage
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from kit import clock, pades, pdf
from kit.seals import FileSeals, SandboxSeals, SealMissing, _certificate
from kit.settings import BadSetting

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 27, 3, 15, 7, tzinfo=UTC)
NAME = "UBND phường Hư Cấu, Thành phố Hồ Chí Minh"


@pytest.fixture(scope="module")
def paper(tmp_path_factory) -> bytes:
    template = tmp_path_factory.mktemp("template") / "paper.typ"
    template.write_text(
        '#import "@motcua/house:1.0.0": paper, signature\n'
        '#show: paper.with("Giấy thử")\nGiấy thử\n#signature("Chủ tịch", "Nguyễn Văn Hư Cấu")'
    )
    return pdf.render(template, {"sealed": pades.Signed(NAME, AT).printed()}, at=AT)


@pytest.fixture(scope="module")
def seals(tmp_path_factory) -> SandboxSeals:
    return SandboxSeals(tmp_path_factory.mktemp("seals") / "of the city")


@pytest.fixture(scope="module")
def signed(paper, seals) -> bytes:
    return pades.sign(paper, seals.of("off_1", NAME), at=AT)


async def judged(data: bytes, seals: SandboxSeals, *more: x509.Certificate, at: datetime = AT):
    _, _, der = pem.unarmor(seals.authority())
    trust = ValidationContext(trust_roots=[x509.Certificate.load(der), *more], moment=at + timedelta(days=1))
    (found,) = PdfFileReader(BytesIO(data)).embedded_signatures
    return found, await async_validate_pdf_signature(found, trust)


def pdfsig(data: bytes, folder: Path) -> str:
    """What Debian's poppler says, which shares no line with what signed it."""
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig (poppler-utils) is not installed")
    (folder / "paper.pdf").write_bytes(data)
    return subprocess.run(["pdfsig", folder / "paper.pdf"], capture_output=True, text=True, check=False).stdout


def test_a_foreign_reader_finds_the_signature_good_and_over_all_of_the_paper(signed, tmp_path) -> None:
    said = pdfsig(signed, tmp_path)
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert f"Signer Certificate Common Name: {NAME}" in said


def test_a_changed_byte_is_found(paper, signed, tmp_path) -> None:
    at = paper.index(b"/Title")
    for place in (at, len(paper) - 40, len(signed) - 5):
        changed = bytearray(signed)
        changed[place] ^= 1
        assert "Signature is Valid." not in pdfsig(bytes(changed), tmp_path)


def test_what_is_added_afterwards_is_not_signed(signed, tmp_path) -> None:
    assert "Total document signed" not in pdfsig(signed + b"\n% more\n", tmp_path)


async def test_it_chains_to_the_authority_as_pades_with_the_time_that_the_paper_prints(signed, seals) -> None:
    found, status = await judged(signed, seals)
    assert status.bottom_line
    assert status.trusted
    assert status.timestamp_validity is None
    assert found.sig_object["/M"].endswith("10:15:07+07'00'") or found.self_reported_timestamp == AT
    assert found.signer_cert.subject.native["common_name"] == NAME


async def test_another_city_s_authority_vouches_for_nothing_here(signed, tmp_path) -> None:
    _, status = await judged(signed, SandboxSeals(tmp_path))
    assert status.intact
    assert not status.trusted


def test_the_paper_says_who_signed_and_when(paper) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(paper)
    said = " ".join(document[0].get_textpage().get_text_bounded().split())
    document.close()
    assert f"Ký số bởi: {NAME}" in said
    assert "Thời gian ký: 27/11/2026 10:15:07 +07:00" in said
    assert "đóng dấu" not in said


def test_a_page_with_a_signature_keeps_its_order_of_tabs(paper, signed) -> None:
    """ISO 14289-1, 7.18.3; the field itself is printed (PDF/A) and lies outside of the page (PDF/UA)."""
    reader = PdfFileReader(BytesIO(signed))
    page = reader.root["/Pages"]["/Kids"][0]
    while "/Kids" in page:
        page = page["/Kids"][0]
    assert page["/Tabs"] == "/S"
    widget = page["/Annots"][0].get_object()
    assert len(page["/Annots"]) == 1
    assert int(widget["/F"]) & 0b100
    assert all(float(side) < 0 for side in widget["/Rect"])
    assert widget["/TU"] == "Chữ ký số của cơ quan"


# --- seals ------------------------------------------------------------------------------------------------------------


def seal_file(directory: Path, name: str, password: bytes | None, *, until: timedelta = timedelta(days=30)) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _certificate("Thành phố Hư Cấu", key.public_key(), None, until).sign(key, hashes.SHA256())
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    file = directory / f"{name}.p12"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, how))
    file.chmod(0o600)
    return file


def test_an_office_without_a_seal_of_its_own_signs_with_the_city_s_and_none_is_refused(paper, tmp_path) -> None:
    with pytest.raises(SealMissing):
        FileSeals(tmp_path, "mật khẩu").of("off_1", NAME)
    seal_file(tmp_path, "city", "mật khẩu".encode())
    seals = FileSeals(tmp_path, "mật khẩu")
    seal = seals.of("off_1", NAME)
    assert seal.name == "Thành phố Hư Cấu"
    assert "Signature is Valid." in pdfsig(pades.sign(paper, seal, at=AT), tmp_path)
    with clock.shifted(timedelta(days=31)), pytest.raises(SealMissing):
        seals.of("off_1", NAME)


@pytest.mark.parametrize("wrong", ["password", "mode", "content"])
def test_a_seal_that_cannot_be_used_is_said_at_once(tmp_path, wrong) -> None:
    file = seal_file(tmp_path, "city", b"right")
    if wrong == "mode":
        file.chmod(0o644)
    if wrong == "content":
        file.write_bytes(b"no PKCS 12")
    with pytest.raises(BadSetting):
        FileSeals(tmp_path, "wrong" if wrong == "password" else "right").of("off_1", NAME)


def test_an_office_of_a_long_name_has_a_seal_too(tmp_path) -> None:
    """A name of more than 64 bytes was refused by the certificate's builder."""
    seals = SandboxSeals(tmp_path / "s")
    police = "Công an phường Sài Gòn"
    assert seals.of("off_1", f"{police}, Công an Thành phố Hồ Chí Minh, một nơi rất dài").name == police
    assert len(seals.of("off_2", "Ủy ban nhân dân " * 9).name.encode()) <= 64


def test_of_many_that_make_a_seal_at_once_one_stands(tmp_path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: SandboxSeals(tmp_path / "s").of("off_1", NAME), range(8)))
    assert len({seal.key for seal in made}) == 1
    assert len({seal.chain for seal in made}) == 1
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "s").iterdir()} == {0o600}


# --- a timestamp authority --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority():
    """A timestamp authority on loopback: its address, its certificate, and whether it answers sense."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made = (
        _certificate("Dấu thời gian hư cấu", key.public_key(), None, timedelta(days=30))
        .add_extension(ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    der = serialization.Encoding.DER
    certificate = x509.Certificate.load(made.public_bytes(der))
    private = key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    stamper = DummyTimeStamper(
        certificate, keys.PrivateKeyInfo.load(private), SimpleCertificateStore.from_certs([certificate])
    )

    class Handler(BaseHTTPRequestHandler):
        sense = True

        def do_POST(self):
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["content-length"])))
            answer = stamper.request_tsa_response(asked).dump() if Handler.sense else b"<html>503</html>"
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", certificate, Handler
    server.shutdown()
    server.server_close()


async def test_with_a_timestamp_authority_the_time_is_proven(paper, seals, authority, tmp_path) -> None:
    url, certificate, _ = authority
    seal = seals.of("off_1", NAME)
    signed = await asyncio.to_thread(pades.sign, paper, seal, at=clock.now(), timestamps_url=url)
    _, status = await judged(signed, seals, certificate, at=clock.now())
    assert status.bottom_line
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.valid
    assert status.timestamp_validity.trusted
    assert "Signature is Valid." in pdfsig(signed, tmp_path)


@pytest.mark.parametrize("fault", ["gone", "nonsense"])
async def test_without_the_timestamp_it_should_have_nothing_is_signed(
    paper, seals, authority, fault, monkeypatch
) -> None:
    url, _, handler = authority
    monkeypatch.setattr(handler, "sense", False)
    away = "http://127.0.0.1:9/" if fault == "gone" else url
    with pytest.raises(pades.TimestampsAway):
        await asyncio.to_thread(pades.sign, paper, seals.of("off_1", NAME), at=AT, timestamps_url=away)
