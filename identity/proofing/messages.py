"""What apps and officers send to proofing and are answered."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from identity.faces import liveness
from kit.refusal import Fault, Words
from notifications import Locale
from ocr import CardReading

Step = Literal["card", "selfie", "contact", "account", "authorization"]
STEPS: tuple[Step, ...] = ("card", "selfie", "contact", "account", "authorization")

Verdict = Literal["confirmed", "refused"]

_VISIBLE = "^[ -~]*$"
# Everything but control characters (lines may break) and marks that turn the direction of what follows.
_WRITTEN = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\u202a-\\u202e\\u2066-\\u2069]*$"


class SessionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Opens a session for a first-party app; the DPoP header shows the device key everything after is bound to."""

    client_id: Annotated[str, Meta(max_length=80, pattern=_VISIBLE)]
    code_challenge: Annotated[str, Meta(max_length=128, description="RFC 7636, S256: redeemed at the token endpoint")]
    code_challenge_method: Annotated[str, Meta(max_length=10)]
    locale: Annotated[Locale, Meta(description="language of the messages sent on the way")] = "vi"
    scope: (
        Annotated[str, Meta(max_length=500, pattern=_VISIBLE, description="all the app may have when absent")] | None
    ) = None
    nonce: Annotated[str, Meta(max_length=255, pattern=_VISIBLE, description="returned in the ID token")] | None = None


class StepDone(msgspec.Struct, frozen=True):
    """One step and when it was passed."""

    name: Step
    passed_at: datetime | None


class SessionReply(msgspec.Struct, frozen=True):
    """The token is good for this session alone, by the device key alone."""

    id: str
    proofing_token: str
    expires_in: int
    steps: tuple[Step, ...]


class Progress(msgspec.Struct, frozen=True):
    """How far a session is; nothing of the person."""

    id: str
    steps: list[StepDone]
    next: Step | None
    review: Annotated[
        Literal["asked", "waiting"] | None,
        Meta(
            description="asked: an officer is to compare, once the steps before are passed; waiting: the officer has it"
        ),
    ]
    expires_in: int
    card_attempts_left: int
    selfie_attempts_left: int


class CardReply(msgspec.Struct, frozen=True):
    """What the card said. When `passed` is false, `shortfalls` say why and what to do; send the photos again."""

    reading: CardReading
    decision: Literal["accept", "review", "retake"]
    passed: bool
    shortfalls: list[Fault]
    next: Step


class Advice(msgspec.Struct, frozen=True):
    """About a photo that was good enough, but only just."""

    code: str
    message: Words


class SelfieReply(msgspec.Struct, frozen=True):
    """The selfie shows the card's owner. How near the faces are is told to nobody."""

    decision: Literal["match"]
    tips: list[Advice]
    next: Step


class LivenessChallenge(msgspec.Struct, frozen=True, kw_only=True):
    """Show `look_ahead` for `lead_ms`, then each step for `step_ms`; meanwhile fill the screen with one colour after the
    other for `colour_ms` each, and record about four frames a second, not mirrored. Good once."""

    id: str
    look_ahead: Words
    steps: list[liveness.LivenessStep]
    colours: Annotated[list[tuple[int, int, int]], Meta(description="red, green and blue, 0 to 255")]
    lead_ms: int
    step_ms: int
    colour_ms: int
    least_frames: int
    most_frames: int
    expires_at: datetime
    attempts_left: int


class LivenessReply(msgspec.Struct, frozen=True):
    """The verdict, and for each thing that spoke against it what to do. It is a hint: alone it opens nothing."""

    decision: liveness.Decision
    tips: list[Advice]
    attempts_left: int
    next: Step


class ContactRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the two; a one-time code goes there."""

    phone: Annotated[str, Meta(max_length=24)] | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None


class ContactReply(msgspec.Struct, frozen=True):
    sent_to: Annotated[str, Meta(description="masked")]
    expires_in: int


class ContactCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(pattern="^[0-9]{6}$")]


class StepReply(msgspec.Struct, frozen=True):
    next: Step


class AccountReply(msgspec.Struct, frozen=True):
    """`check_code` is what the person reads out at a counter, once, while it lasts, to reach level 2; none when already there.

    At level 0 there is no account yet: an officer was asked to compare, by the photos if `by_photos`, else at a counter, and
    the phone or mailbox is told what came of it.
    """

    level: int
    acr: str | None
    check_code: str | None
    check_code_expires_in: int | None
    by_photos: bool = False


ReviewReason = Literal[
    "face-unsure",
    "face-does-not-match",
    "face-not-comparable",
    "selfie-attempts-used",
    "liveness-not-convincing",
    "liveness-of-another",
    "register-disagrees",
]


class ReviewReply(msgspec.Struct, frozen=True):
    """The comparison is left to an officer, for these reasons; the journey goes on."""

    reasons: list[ReviewReason]
    by_photos: Annotated[bool, Meta(description="whether an officer may decide by the photos; else at a counter only")]
    next: Step


class EvidencedClaim(msgspec.Struct, frozen=True):
    """One thing the card proved, with what said so and when."""

    claim: str
    value: Any
    sources: tuple[str, ...]
    proved_at: datetime


class LivenessSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict of the machine on one burst: a hint, and while `status` is `assumption` a weak one."""

    decision: liveness.Decision
    reasons: Annotated[list[str], Meta(description="codes; of a step, `step-missed:blink`")]
    policy: str
    status: Literal["assumption", "measured"]
    owner: Annotated[
        str,
        Meta(
            description="the burst against the card's portrait: match, no_match, unsure, no_face, copy; or other_card, when that card was exchanged"
        ),
    ]
    judged_at: datetime


AlarmKind = Literal[
    "number_in_use",
    "number_of_another",
    "namesake",
    "portrait_of_another",
    "selfie_of_another",
    "face_of_another",
    "stranger_with_card",
    "register_disagrees",
]
AlarmVerdict = Literal["founded", "unfounded"]


class AlarmRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm in the queue; nothing of a person."""

    id: str
    kind: AlarmKind
    words: Words
    times: Annotated[int, Meta(description="how often it was raised since it is open")]
    raised_at: datetime


class AlarmedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The account that the card may touch."""

    full_name: str
    date_of_birth: date | None
    pin_masked: str | None
    level: int
    opened_at: datetime


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """What the card proved that gave rise to it, and the account it may touch."""

    alarm: AlarmRow
    claims: list[EvidencedClaim]
    account: AlarmedAccount | None


class AlarmDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reason` is what was looked into; it is kept with the officer's name."""

    verdict: AlarmVerdict
    reason: Annotated[str, Meta(max_length=500, pattern=_WRITTEN)]


class AlarmReply(msgspec.Struct, frozen=True):
    verdict: AlarmVerdict


class EvidenceSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was shown in the session, under the name of what proved it."""

    proof: Literal["card", "face", "liveness", "contact", "register"]
    outcome: str
    by: Annotated[
        str | None, Meta(description="the kind of card, the models and lines, the policy or the register that said so")
    ]
    at: datetime


class AlarmSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm of this session, and what an officer made of it; null while nobody has."""

    kind: AlarmKind
    words: Words
    verdict: AlarmVerdict | None
    raised_at: datetime


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What the officer holds against the card on the counter and the person before them."""

    claims: list[EvidencedClaim]
    evidence: Annotated[list[EvidenceSeen], Meta(description="in order of time")]
    liveness: Annotated[list[LivenessSeen], Meta(description="in order of time; empty when none was asked for")]
    alarms: Annotated[list[AlarmSeen], Meta(description="look into these before confirming")]
    reasons: Annotated[
        list[ReviewReason], Meta(description="why the machine left it to an officer; empty when it did not")
    ]
    level: Annotated[int, Meta(description="0 while there is no account: confirming opens it")]
    opened_at: datetime
    expires_at: datetime


class ReviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison waiting for an officer's eye; nothing of the person."""

    id: str
    reasons: list[ReviewReason]
    opened_at: datetime
    expires_at: datetime


class CheckRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reason` is what was compared, or why it is refused; it is kept with the officer's name."""

    verdict: Verdict
    reason: Annotated[str, Meta(max_length=500, pattern=_WRITTEN)]


class CheckReply(msgspec.Struct, frozen=True):
    verdict: Verdict
    level: int
