"""PagerDuty's events, read: nothing raises, little is refused, and every guess is said."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.alerts.pagerduty import MOST_BYTES, accepted, parse, strict_refusal, too_large, unknown_key
from incidents.alerts.signals import Action, Flag, Refusal, Signal, flags_that_hold, severity_of, words_of
from incidents.escalation.terms import Severity

KEY = "a1B2" * 8


def event(**changes: object) -> dict[str, object]:
    payload = {"summary": "Payouts fail", "source": "web-1", "severity": "error"}
    return {"routing_key": KEY, "event_action": "trigger", "dedup_key": "k", "payload": payload, **changes}


def read(**changes: object) -> Signal | Refusal:
    return parse(json.dumps(event(**changes)).encode())


def with_payload(**changes: object) -> Signal:
    signal = read(payload={"summary": "Payouts fail", "source": "web-1", "severity": "error", **changes})
    assert isinstance(signal, Signal)
    return signal


def errors_of(body: bytes) -> list[str]:
    refusal = parse(body)
    assert isinstance(refusal, Refusal), refusal
    return refusal.errors


def test_a_faultless_event_is_read_without_a_flag():
    signal = read(
        client="Alertmanager",
        client_url="https://alerts.example.com",
        links=[{"href": "https://run.example.com/1", "text": "Runbook"}],
        images=[{"src": "https://img.example.com/1.png", "alt": "Graph"}],
        payload={
            "summary": "Payouts fail",
            "source": "web-1",
            "severity": "critical",
            "timestamp": "2015-07-17T08:42:58.315+0000",
            "component": "psp",
            "group": "prod",
            "class": "5xx",
            "custom_details": {"num_firing": "3", "rate": 0.14},
        },
    )
    assert signal == Signal(
        action=Action.TRIGGER,
        key="k",
        summary="Payouts fail",
        source="web-1",
        severity="critical",
        detail={
            "component": "psp",
            "group": "prod",
            "class": "5xx",
            "client": "Alertmanager",
            "client_url": "https://alerts.example.com",
            "links": [{"href": "https://run.example.com/1", "text": "Runbook"}],
            "images": [{"src": "https://img.example.com/1.png", "alt": "Graph"}],
            "custom_details": {"num_firing": "3", "rate": 0.14},
        },
        firing=3,
        at=datetime(2015, 7, 17, 8, 42, 58, 315000, tzinfo=UTC),
        routing_key=KEY,
    )
    assert strict_refusal(signal) is None
    assert accepted("k", signal.flags) == {"status": "success", "message": "Event processed", "dedup_key": "k"}


@pytest.mark.parametrize(
    ("payload", "flags", "error"),
    [
        ({"severity": None}, [Flag.NO_SEVERITY], "'payload.severity' is missing or blank"),
        ({"severity": " "}, [Flag.NO_SEVERITY], "'payload.severity' is missing or blank"),
        (
            {"severity": "high"},
            [Flag.UNKNOWN_SEVERITY],
            "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
        ),
        (
            {"severity": "Critical"},
            [Flag.SEVERITY_CASE],
            "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
        ),
        ({"severity": 1}, [Flag.UNKNOWN_SEVERITY], None),
        ({"severity": ["error"]}, [Flag.UNKNOWN_SEVERITY], None),
        ({"source": None}, [Flag.NO_SOURCE], "'payload.source' is missing or blank"),
        ({"source": ""}, [Flag.NO_SOURCE], "'payload.source' is missing or blank"),
        ({"summary": None}, [Flag.NO_SUMMARY], "'payload.summary' is missing or blank"),
        ({"summary": "\n\t"}, [Flag.NO_SUMMARY], "'payload.summary' is missing or blank"),
        ({"summary": {}}, [Flag.NO_SUMMARY], None),
        ({"summary": 42}, [Flag.SUMMARY_TYPE], None),
        ({"summary": "x" * 1025}, [Flag.SUMMARY_LENGTH], None),
    ],
)
def test_what_can_be_guessed_is_guessed_flagged_and_said_and_strict_gives_pagerdutys_error(payload, flags, error):
    signal = with_payload(**payload)
    assert list(signal.flags) == flags
    assert accepted("k", signal.flags)["warnings"] == words_of(flags) != []
    refusal = strict_refusal(signal)
    assert refusal is not None
    assert (refusal.status, refusal.answer["status"]) == (400, "invalid event")
    assert error is None or refusal.errors == [error]


@pytest.mark.parametrize("payload", [None, [], "", 5, {}])
def test_an_event_without_a_payload_is_still_a_trigger(payload):
    signal = read(payload=payload)
    assert isinstance(signal, Signal)
    assert list(signal.flags) == [Flag.NO_SUMMARY, Flag.NO_SOURCE, Flag.NO_SEVERITY]


def test_a_sentence_in_the_payloads_place_is_the_summary():
    signal = read(payload="The disk is full")
    assert isinstance(signal, Signal)
    assert signal.summary == "The disk is full"


def test_a_summary_is_one_line_because_it_becomes_a_subject():
    assert with_payload(summary="a\r\nBcc: everybody\tx\x00y").summary == "a Bcc: everybody x\ufffdy"


def test_a_long_summary_keeps_its_beginning_within_the_limit():
    assert with_payload(summary="x" * 5000).summary == "x" * 1023 + "…"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"routing_key": None}, ["'routing_key' is missing or blank"]),
        ({"routing_key": "  "}, ["'routing_key' is missing or blank"]),
        ({"routing_key": "abc"}, ["Length of 'routing_key' is incorrect (should be 32 characters)"]),
        ({"routing_key": "-" * 32}, ["'routing_key' cannot contain non-alphanumeric characters."]),
        ({"routing_key": "é" * 32}, ["'routing_key' cannot contain non-alphanumeric characters."]),
        (
            {"routing_key": "a-b"},
            [
                "Length of 'routing_key' is incorrect (should be 32 characters)",
                "'routing_key' cannot contain non-alphanumeric characters.",
            ],
        ),
        ({"event_action": None}, ["'event_action' is missing or blank"]),
        ({"event_action": "explode"}, ["'event_action' is missing or blank"]),
        ({"event_action": ["trigger"]}, ["'event_action' is missing or blank"]),
        ({"event_action": "resolve", "dedup_key": None}, ["'dedup_key' is missing or blank"]),
        ({"event_action": "acknowledge", "dedup_key": ""}, ["'dedup_key' is missing or blank"]),
        (
            {"routing_key": None, "event_action": 1},
            ["'routing_key' is missing or blank", "'event_action' is missing or blank"],
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_an_event_is_refused_in_pagerdutys_words(changes, errors):
    refusal = read(**changes)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 400
    assert refusal.answer == {"status": "invalid event", "message": "Event object is invalid", "errors": errors}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe\x00", b"[" * 100_000, b'{"n":' + b"9" * 5000 + b"}"]
)
def test_what_is_no_json_object_is_unrecognized(body):
    refusal = parse(body)
    assert refusal == Refusal(
        400,
        {
            "status": "Unrecognized object",
            "message": "Event object format is unrecognized",
            "errors": ["JSON parse error"],
        },
    )


def test_a_key_inside_an_unreadable_or_oversized_body_is_found_so_that_its_owners_hear_of_it():
    torn = json.dumps(event()).encode()[:-3]
    assert parse(torn).routing_key == KEY
    assert too_large(torn).routing_key == KEY
    assert too_large(torn).status == 413
    assert unknown_key(KEY).errors == ["Invalid routing key"]


@pytest.mark.parametrize("action", ["TRIGGER", "Trigger", " trigger "])
def test_the_case_of_a_known_action_is_ignored_and_said(action):
    signal = read(event_action=action)
    assert isinstance(signal, Signal)
    assert (signal.action, signal.flags) == (Action.TRIGGER, (Flag.ACTION_CASE,))


def test_acknowledge_and_resolve_need_no_payload():
    for action in ("acknowledge", "resolve"):
        signal = parse(json.dumps({"routing_key": KEY, "event_action": action, "dedup_key": "k"}).encode())
        assert isinstance(signal, Signal)
        assert (signal.action, signal.key, signal.flags) == (Action(action), "k", ())


@pytest.mark.parametrize(("given_key", "read_key"), [(17, "17"), (True, "true"), (["a"], '["a"]')])
def test_a_dedup_key_that_is_no_string_is_taken_as_its_text(given_key, read_key):
    signal = read(dedup_key=given_key)
    assert isinstance(signal, Signal)
    assert (signal.key, signal.flags) == (read_key, (Flag.KEY_TYPE,))


def test_a_long_dedup_key_is_shortened_alike_each_time_and_never_to_anothers():
    first, again, other = (read(dedup_key="x" * 300 + end) for end in ("a", "a", "b"))
    assert first.key == again.key != other.key
    assert (len(first.key), first.flags) == (255, (Flag.KEY_LENGTH,))


def test_nul_and_lone_surrogates_become_what_every_database_can_hold():
    body = b'{"routing_key":"%s","event_action":"trigger","dedup_key":"\\u0000k","payload":{"summary":"\\ud800 x",' % (
        KEY.encode()
    ) + (
        b'"source":"\\udfff","severity":"error","custom_details":{"\\u0000":["\\ud83d\\ude00\\u0000"],"n":NaN,"i":1e999}}}'
    )
    signal = parse(body)
    assert isinstance(signal, Signal)
    assert (signal.key, signal.summary, signal.source) == ("\ufffdk", "\ufffd x", "\ufffd")
    details = {"\ufffd": ["\U0001f600\ufffd"], "n": "nan", "i": "inf"}
    assert signal.detail["custom_details"] == details


def test_stray_bytes_and_raw_control_characters_are_forgiven():
    body = (
        b'\xef\xbb\xbf{"routing_key":"%s","event_action":"trigger","payload":{"summary":"caf\xe9 \x00\n"}}'
        % KEY.encode()
    )
    signal = parse(body)
    assert isinstance(signal, Signal)
    assert signal.summary == "caf\ufffd \ufffd"
    assert Flag.UNREADABLE_PARTS in signal.flags


def test_utf_16_is_read_as_json_allows():
    signal = parse(json.dumps(event(payload="Größe")).encode("utf-16"))
    assert isinstance(signal, Signal)
    assert signal.summary == "Größe"


def test_deep_details_are_cut_where_no_database_would_take_them():
    deep: list[object] = []
    for _ in range(300):
        deep = [deep]
    assert str(with_payload(custom_details=deep).detail["custom_details"]) == "[" * 20 + "'…'" + "]" * 20


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", 5, None, ""])
def test_links_and_images_lead_to_the_web_or_nowhere(address):
    signal = read(links=[{"href": address, "text": "x"}, "x"], images=[{"src": "https://a.example", "href": address}])
    assert isinstance(signal, Signal)
    assert "links" not in signal.detail
    assert signal.detail["images"][0].get("href", "") == ""
    assert read(links="x", images={}).detail == {}


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2015-07-17T08:42:58.315+0000", datetime(2015, 7, 17, 8, 42, 58, 315000, tzinfo=UTC)),
        ("2015-07-17T08:42:58.315+02:00", datetime(2015, 7, 17, 6, 42, 58, 315000, tzinfo=UTC)),
        ("2015-07-17T08:42:58.123456789Z", datetime(2015, 7, 17, 8, 42, 58, 123456, tzinfo=UTC)),
        ("2015-07-17T08:42:58-0730", datetime(2015, 7, 17, 16, 12, 58, tzinfo=UTC)),
        ("2015-07-17T08:42:58", datetime(2015, 7, 17, 8, 42, 58, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (1437122578, None),
        (None, None),
    ],
)
def test_timestamps_are_read_with_and_without_a_colon_in_the_offset(text, instant):
    assert with_payload(timestamp=text).at == instant


@pytest.mark.parametrize(
    ("details", "firing"),
    [({"num_firing": "3"}, 3), ({"num_firing": 4}, 4), ({"num_firing": "many"}, None), ({"num_firing": -1}, None),
     ({"num_firing": "9" * 30}, None), ({"num_firing": None}, None), ("text", None), (None, None)],
)  # fmt: skip
def test_how_many_are_firing_is_read_from_alertmanagers_details(details, firing):
    assert with_payload(custom_details=details).firing == firing


@pytest.mark.parametrize(
    ("word", "severity"),
    [("critical", 2), ("error", 3), ("warning", 4), ("info", 5), ("CRITICAL", 2), ("P1", 3), (None, 3)],
)
def test_severities_follow_the_senders_word_and_a_guess_is_sev3(word, severity):
    assert severity_of(with_payload(severity=word), {}) == severity


def test_grafanas_default_is_nobodys_judgement_unless_a_table_says_so():
    signal = with_payload(severity="critical", component="Grafana", **{"class": "default"})
    assert severity_of(signal, {}) is Severity.SEV3
    assert severity_of(signal, {"critical": 1}) is Severity.SEV1
    assert severity_of(with_payload(severity="critical", component="Grafana"), {}) is Severity.SEV2
    chosen = with_payload(severity="warning", component="Grafana", **{"class": "default"})
    assert severity_of(chosen, {}) is Severity.SEV4


def test_an_integrations_table_settles_words_that_pagerduty_does_not_know():
    signal = with_payload(severity="P1")
    assert severity_of(signal, {"p1": 1}) is Severity.SEV1
    assert flags_that_hold(signal, {"p1": 1}) == []
    assert flags_that_hold(signal, {}) == ["unknown_severity"]


def test_no_key_shows_in_what_a_log_may_print():
    assert KEY not in repr(read())
    assert KEY not in repr(read(event_action="no"))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "routing_key": st.just(KEY) | ANYTHING,
        "event_action": st.sampled_from(["trigger", "acknowledge", "resolve", "TRIGGER"]) | ANYTHING,
        "dedup_key": ANYTHING,
        "links": ANYTHING,
        "images": ANYTHING,
        "client": ANYTHING,
        "client_url": ANYTHING,
        "payload": ANYTHING
        | st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(
                ["summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"],
                ANYTHING,
            ),
        ),
    },
)


def is_storable(value: object) -> bool:
    text = json.dumps(value, allow_nan=False)
    return "\\u0000" not in text and json.loads(text) == value and bool(text.encode())


def check_the_law(body: bytes) -> None:
    outcome = parse(body)
    if isinstance(outcome, Refusal):
        assert outcome.status == 400
        assert outcome.errors
        return
    assert len(outcome.key) <= 255
    assert len(outcome.summary) <= 1024
    assert outcome.summary.isprintable() or not set(outcome.summary) & set("\r\n\x00")
    assert len(outcome.source) <= 255
    assert len(outcome.severity) <= 40
    assert is_storable([outcome.key, outcome.summary, outcome.source, outcome.severity, dict(outcome.detail)])
    json.dumps([outcome.key, outcome.summary, outcome.detail], ensure_ascii=False).encode()  # no lone surrogate


@given(EVENTS)
def test_any_json_is_read_or_refused_and_fits_the_database(value):
    check_the_law(json.dumps(value).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    check_the_law(body)


@given(EVENTS, st.data())
def test_a_torn_or_spoiled_event_is_read_or_refused(value, data):
    body = bytearray(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    place = data.draw(st.integers(0, len(body) - 1))
    body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    check_the_law(bytes(body))


def test_the_limit_is_pagerdutys():
    assert MOST_BYTES == 524_288
