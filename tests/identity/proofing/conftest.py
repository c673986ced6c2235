"""A proofing session driven over HTTP, with the photo room's answers prepared."""

import hashlib
import secrets

import pytest

import ocr
from api.caller import Device, Pkce
from identity import faces
from identity.faces import Comparison, liveness
from identity.faces.messages import Shown
from kit import clock
from kit.pool import InferencePool
from tests.identity.proofing import cards
from tests.people import ISSUER, Person


class PreparedPhotos(InferencePool):
    """Stands where the inference pool stands: cards and faces come out as the test says."""

    def __init__(self):
        super().__init__(workers=1, queue=0)
        self.card, self.face, self.burst, self.fit, self.seen = cards.card(), "match", "live", None, []
        self.owner, self.description = "match", None

    async def run(self, function, *args):
        self.seen.append((function, args))
        if function is ocr.read_card_with_portrait:
            answer = self.card
        elif function is faces.compare:
            answer = comparison(self.face, *args[1:], portrait=args[0]) if isinstance(self.face, str) else self.face
        elif function is faces.shown:
            answer = b"shown " + args[0]
        elif function is liveness.refuse_unfit:
            answer = self.fit
        elif function is liveness.judge_burst:
            answer = self.burst if self.burst != "live" else liveness.Verdict("live", (), "liveness-test")
        elif function is faces.describe:
            answer = self.description
        elif function is liveness.compare_owner:
            answer = liveness.Owner(self.owner, 5.0, "m", "c")
        else:
            raise AssertionError(function)
        if callable(answer):
            answer = await answer()
        if isinstance(answer, BaseException):
            raise answer
        return answer


def comparison(decision, *selfies, portrait=b"", picture=None):
    """Pictures as different as their bytes; `picture` is the first one's, when it is not."""
    shown = [Shown(hashlib.sha256(one).digest(), hash_of(one)) for one in selfies or (b"selfie",)]
    if picture is not None:
        shown[0] = Shown(shown[0].sha256, picture)
    return Comparison(
        decision=decision,
        tips=(),
        score=5.0,
        model="m",
        calibration="c",
        selfies=tuple(shown),
        portrait_picture=hash_of(portrait),
    )


def hash_of(photo):
    """What stands in for a perceptual hash."""
    return int.from_bytes(hashlib.sha256(photo).digest()[:8])


@pytest.fixture
def photos(city):
    """The house's pool is exchanged for the length of a test."""
    pool, city.house.pool = city.house.pool, PreparedPhotos()
    yield city.house.pool
    city.house.pool = pool


class Applicant(Person):
    """Somebody with a phone and a card who opens a session and goes through it step by step."""

    def __init__(self, city, phone="+84900000777"):
        super().__init__(city.client, "applicant", device=Device())
        self.city, self.phone, self.pkce, self.id = city, phone, Pkce(), ""

    async def open(self, **expected):
        path = "/v1/proofing/sessions"
        body = {"client_id": "citizen-app", "code_challenge": self.pkce.challenge, "code_challenge_method": "S256"}
        proof = {"DPoP": self.device.proof("POST", ISSUER + path)}
        opened = await self.city.nobody.post(path, json=body, headers=proof, **({"expect": 201} | expected))
        self.id, self.token = opened["id"], opened["proofing_token"]
        return opened

    def path(self, step=""):
        return f"/v1/proofing/sessions/{self.id}{'/' if step else ''}{step}"

    async def card(self, **expected):
        files = {"front": ("f.jpg", b"front"), "back": ("b.jpg", b"back")}
        return await self.post(self.path("card"), files=files, **({"expect": 200} | expected))

    async def selfie(self, photo=None, **expected):
        """A new one each time, unless told which."""
        return await self.burst(photo or secrets.token_bytes(16), **expected)

    async def burst(self, *photos, **expected):
        files = [("selfie", (f"{number}.jpg", photo)) for number, photo in enumerate(photos)]
        return await self.post(self.path("selfie"), files=files, **({"expect": 200} | expected))

    async def review(self, **expected):
        return await self.post(self.path("review"), **({"expect": 200} | expected))

    async def contact(self, **expected):
        return await self.post(self.path("contact"), json={"phone": self.phone}, **({"expect": 200} | expected))

    async def code(self, typed=None, /, **expected):
        typed = typed or await self.city.code_sent_to(self.phone)
        return await self.post(self.path("contact/code"), json={"code": typed}, **({"expect": 200} | expected))

    async def account(self, **expected):
        return await self.post(self.path("account"), **({"expect": 201} | expected))

    async def authorization(self, **expected):
        return await self.post(self.path("authorization"), **({"expect": 201} | expected))

    async def up_to(self, step):
        """Everything before `step`."""
        await self.open()
        for one in ("card", "selfie", "contact", "code", "account", "authorization"):
            if one == step:
                return self
            await getattr(self, one)()
        return self


@pytest.fixture
async def applicant(city, photos):
    """A fresh phone and number; the limits forget what earlier tests did."""
    await city.house.valkey.forget_everything()
    made = Applicant(city, phone=f"+8490{clock.now().microsecond % 10_000_000:07d}")
    photos.card = cards.card(number=numbered(), full_name=cards.field("full_name"))
    return made


_taken = iter(range(100_000, 999_999))


def numbered():
    """A number nobody in this run has had yet."""
    number = f"079089{next(_taken)}"
    return cards.field("number", value=number, normal=number)
