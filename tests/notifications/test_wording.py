"""Templates: every event, channel and language says only what a message may say."""

import re

import pytest

from kit.refusal import Words
from notifications import gsm, wording

EVENTS = {
    "one-time-code",
    "account-opened",
    "check-refused",
    "level-raised",
    "mandate-changed",
    "sign-in-copied",
    "dossier-received",
    "birth-registered",
    "branch-approved",
    "branch-refused",
    "branch-not-started",
    "branch-lapsed",
    "branch-reopened",
    "supplement-requested",
    "payment-requested",
    "fee-received",
    "branch-stopped",
    "result-reviewed",
    "consent-asked",
    "consent-missing",
    "result-ready",
    "appointment",
    "data-request",
    "way-in-changed",
    "recovery-begun",
    "breach-deadline",
    "deadlines-near",
    "deadlines-missed",
    "draft-prepared",
    "supplement-prepared",
    "supplement-signed",
    "promise-moved",
    "promise-extended",
}
CHANNELS = ("sms", "email", "zalo", "fcm", "apns")
EVERY = [
    (event, channel, locale)
    for event in sorted(EVENTS)
    for channel in CHANNELS
    for locale in ("vi", "en")
    if not (event == "one-time-code" and channel in ("fcm", "apns"))
]


def every_said(template):
    return [said for said in (template.sms, template.email, template.zalo, template.inbox) if said is not None]


def test_there_is_one_template_an_event():
    assert set(wording.templates()) == EVENTS


@pytest.mark.parametrize(("event", "channel", "locale"), EVERY)
def test_every_event_renders_on_every_channel_in_both_languages(event, channel, locale):
    template = wording.template(event)
    said = wording.rendered(template, channel, locale, wording.checked(template, template.example))
    assert said.text
    assert "{" not in said.text + said.subject
    if channel == "sms":
        assert said.text.isascii()
        assert gsm.septets(said.text) <= 160, f"{said.text} does not fit one segment"
        assert not said.subject
    elif channel == "zalo":
        # What Zalo takes for approval: 400 letters, parameters of at most 100 (published for ZNS; the link is a button's or the text's).
        assert len(said.text) <= 400
        assert not said.subject
    else:
        assert said.subject
        assert "\n" not in said.subject
        assert channel == "email" or len(said.subject) + len(said.text) <= 256


def test_a_code_is_not_shown_on_a_locked_screen():
    for channel in ("fcm", "apns"):
        with pytest.raises(KeyError):
            wording.rendered(wording.template("one-time-code"), channel, "vi", {"code": "042917", "minutes": "10"})


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_a_template_names_only_fields_it_declares_and_the_house_allows(event):
    template = wording.template(event)
    assert template.fields <= wording.FIELDS.keys()
    for said in every_said(template):
        for text in (said.vi, said.en):
            assert wording.placeholders(text) <= template.fields


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_both_languages_say_the_same_fields(event):
    for said in every_said(wording.template(event)):
        assert wording.placeholders(said.vi) == wording.placeholders(said.en)


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_what_is_written_for_sms_has_no_accents_in_the_file(event):
    template = wording.template(event)
    assert template.sms.vi.text.isascii()
    assert template.sms.en.text.isascii()


@pytest.mark.parametrize("event", sorted(EVENTS - {"one-time-code"}))
def test_every_event_but_the_code_stands_in_the_inbox(event):
    said = wording.template(event).inbox
    assert said is not None
    assert said.vi.subject
    assert said.en.subject


def test_a_one_time_code_stands_in_no_inbox_and_is_sealed():
    template = wording.template("one-time-code")
    assert template.inbox is None
    assert template.secret == ("code",)
    assert template.must_leave


def test_no_push_and_no_inbox_shows_a_secret():
    for template in wording.templates().values():
        for text in (template.inbox.vi, template.inbox.en) if template.inbox else ():
            assert not wording.placeholders(text) & set(template.secret), template.event


def test_warnings_about_the_account_go_everywhere_and_at_any_hour():
    assert {t.event for t in wording.templates().values() if t.everywhere} == {
        "one-time-code",
        "account-opened",
        "level-raised",
        "sign-in-copied",
        "way-in-changed",
        "recovery-begun",
        "breach-deadline",
    }
    assert all(template.urgent == template.everywhere for template in wording.templates().values())


RECEIVED = {
    "receipt_code": "26740-2026-7KQ4M9XW",
    "status": Words("Đã tiếp nhận", "Received"),
    "link": "https://x.example",
}

NAME = "Nguyễn Thị Hoa"
POISONS = [
    "079303000001",
    "079 303 000 001",
    "079.303.000.001",
    "０７９３０３０００００１",
    "Số định danh 079303000001 của bé",
    "024123456",
    NAME,
    NAME.upper(),
    "nguyen thi hoa",
    "hoa.nguyen@example.vn",
    "+84900000011",
    "DN4797900000001",
    "Received\r\nBcc: other@example.com",
    "\u202egnihtemos",
    "{receipt_code.__class__}",
    "Sinh ngày 01/11/2026 tại Bệnh viện Hư Cấu",
    "",
]


NUMBERS_AND_ADDRESSES = [POISONS[0], *POISONS[1:6], "hoa.nguyen@example.vn", "+84900000011", "https://x.example"]


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_no_field_of_any_template_carries_a_person(event):
    """Each field of each template is given each poison, as a text and as words: none gets in, and the refusal does not repeat it."""
    template = wording.template(event)
    for name in template.fields:
        # A name in one language alone is beyond any program; numbers and addresses are found even there.
        halves = [Words("Đã nhận", poison) for poison in NUMBERS_AND_ADDRESSES]
        for value in (*POISONS, *(Words(poison, poison) for poison in POISONS), *halves):
            if name == "link" and value == "https://x.example":
                continue
            with pytest.raises(wording.BadFields) as told:
                wording.checked(template, {**template.example, name: value})
            said = value.en if isinstance(value, Words) else value
            assert not said or said not in str(told.value)


@pytest.mark.parametrize("event", sorted(EVENTS))
@pytest.mark.parametrize("channel", ["sms", "email", "zalo", "fcm", "apns"])
def test_what_leaves_is_the_template_and_its_fields_and_nothing_else(event, channel):
    template = wording.template(event)
    said = template.said(channel)
    for locale in ("vi", "en") if said else ():
        left = wording.rendered(template, channel, locale, template.example).text
        fixed = re.split(r"\{\w+\}", (said.vi if locale == "vi" else said.en).text.strip())
        for piece in fixed:
            assert (wording.unaccented(piece) if channel == "sms" else piece) in left
        assert not re.search(r"\d{9}", left)


@pytest.mark.parametrize(
    "fields",
    [
        {**RECEIVED, "full_name": NAME},
        {"receipt_code": "26740-2026-7KQ4M9XW"},
    ],
)
def test_another_field_or_a_missing_one_never_enters_a_message(fields):
    with pytest.raises(wording.BadFields):
        wording.checked(wording.template("dossier-received"), fields)


@pytest.mark.parametrize("event", sorted(event for event in EVENTS if "branch" in wording.template(event).fields))
@pytest.mark.parametrize("locale", ["vi", "en"])
def test_the_longest_name_of_a_procedure_still_fits_one_segment(event, locale):
    template = wording.template(event)
    long = Words("Đăng ký khai sinh kết hợp đăng ký nhận cha, mẹ, con " * 3, "Birth registration with recognition " * 5)
    said = wording.rendered(template, "sms", locale, {**template.example, "branch": long}).text
    assert gsm.septets(said) <= 160
    assert ".." in said
    assert template.example.get("receipt_code", "") in said
    assert template.example["link"] in said


def test_an_unknown_event_is_a_mistake_of_ours():
    with pytest.raises(wording.UnknownEvent):
        wording.template("christmas")


def test_sms_lose_accents_but_not_case():
    assert wording.unaccented("Đã nhận hồ sơ Ở Sài Gòn") == "Da nhan ho so O Sai Gon"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Ho so", 5),
        ("£5 @ Ω", 6),
        ("[a]", 5),
        ("10€", 4),
        ("^{}\\[~]|€", 18),
        ("Đã", None),
        ("`", None),
        ("“", None),
    ],
)
def test_septets_are_counted_as_the_table_says(text, count):
    assert gsm.septets(text) == count


def test_what_the_alphabet_lacks_is_said_plainly():
    assert gsm.plain("“Hồ” – `x`…") == "\"H?\" - 'x'..."


def test_words_are_said_in_the_reader_s_language():
    template = wording.template("dossier-received")
    assert "Received" in wording.rendered(template, "sms", "en", RECEIVED).text
    assert "Da tiep nhan" in wording.rendered(template, "sms", "vi", RECEIVED).text
    assert re.search("Đã tiếp nhận", wording.rendered(template, "email", "vi", RECEIVED).subject)
