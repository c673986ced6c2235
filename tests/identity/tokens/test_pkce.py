"""RFC 7636, S256 only."""

import pytest

from identity.tokens import rfc7636

# RFC 7636 appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_vector_of_appendix_b() -> None:
    assert rfc7636.acceptable(CHALLENGE, "S256")
    assert rfc7636.matches(VERIFIER, CHALLENGE)


@pytest.mark.parametrize(
    ("challenge", "method"),
    [
        (None, "S256"),
        (CHALLENGE, None),
        (CHALLENGE, "plain"),
        (CHALLENGE, "s256"),
        (CHALLENGE[:42], "S256"),
        (CHALLENGE + "A", "S256"),
        ("A" * 129, "S256"),
        (CHALLENGE[:-1] + "=", "S256"),
        (CHALLENGE[:-1] + "+", "S256"),
        (CHALLENGE[:-1] + "N", "S256"),  # spare bits: another spelling of the same hash
        (CHALLENGE + "\n", "S256"),
    ],
)
def test_PKC_1_challenges_that_are_none(challenge: str | None, method: str | None) -> None:
    assert not rfc7636.acceptable(challenge, method)


@pytest.mark.parametrize(
    "verifier", [None, "", VERIFIER[:42], VERIFIER + "A", "A" * 43, "A" * 129, CHALLENGE, VERIFIER[:-1] + "é"]
)
def test_PKC_2_verifiers_that_do_not_fit(verifier: str | None) -> None:
    assert not rfc7636.matches(verifier, CHALLENGE)
