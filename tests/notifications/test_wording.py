"""Templates: every event, channel and language says only what a message may say."""

import re

import pytest

from kit.refusal import Words
from notifications import wording

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
    "result-ready",
    "appointment",
    "way-in-changed",
    "recovery-begun",
    "breach-deadline",
}
EVERY = [
    (event, channel, locale) for event in sorted(EVENTS) for channel in ("sms", "email") for locale in ("vi", "en")
]


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
        assert len(said.text) <= 160, f"{len(said.text)} letters do not fit one segment: {said.text}"
        assert not said.subject
    else:
        assert said.subject
        assert "\n" not in said.subject


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_a_template_names_only_fields_it_declares_and_the_house_allows(event):
    template = wording.template(event)
    assert template.fields <= wording.FIELDS
    for said in filter(None, (template.sms, template.email, template.inbox)):
        for text in (said.vi, said.en):
            assert wording.placeholders(text) <= template.fields


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_both_languages_say_the_same_fields(event):
    template = wording.template(event)
    for said in filter(None, (template.sms, template.email, template.inbox)):
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


RECEIVED = {
    "receipt_code": "26740-2026-7KQ4M9XW",
    "status": Words("Đã tiếp nhận", "Received"),
    "link": "https://x.example",
}


@pytest.mark.parametrize(
    "fields",
    [
        {**RECEIVED, "status": "079303000001"},
        {**RECEIVED, "status": Words("Đã tiếp nhận", "079303000001")},
        {**RECEIVED, "full_name": "Nguyễn Thị Hoa"},
        {"receipt_code": "26740-2026-7KQ4M9XW"},
        {**RECEIVED, "status": "Received\r\nBcc: other@example.com"},
        {**RECEIVED, "status": "\u202egnihtemos"},
    ],
)
def test_a_personal_number_another_field_or_a_line_break_never_enters_a_message(fields):
    with pytest.raises(wording.BadFields):
        wording.checked(wording.template("dossier-received"), fields)


def test_an_unknown_event_is_a_mistake_of_ours():
    with pytest.raises(wording.UnknownEvent):
        wording.template("christmas")


def test_sms_lose_accents_but_not_case():
    assert wording.unaccented("Đã nhận hồ sơ Ở Sài Gòn") == "Da nhan ho so O Sai Gon"


def test_words_are_said_in_the_reader_s_language():
    template = wording.template("dossier-received")
    assert "Received" in wording.rendered(template, "sms", "en", RECEIVED).text
    assert "Da tiep nhan" in wording.rendered(template, "sms", "vi", RECEIVED).text
    assert re.search("Đã tiếp nhận", wording.rendered(template, "email", "vi", RECEIVED).subject)
