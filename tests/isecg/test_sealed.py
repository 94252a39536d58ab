"""Secrets that lie in the database sealed."""

import pytest
from django.conf import settings
from django.test import override_settings

from isecg import sealed


def test_seal_opens_again_and_shows_nothing():
    box = sealed.seal("JBSWY3DP")

    assert "JBSWY3DP" not in box
    assert sealed.unseal(box) == "JBSWY3DP"


def test_two_seals_of_one_text_differ():
    assert sealed.seal("same") != sealed.seal("same")


def test_another_key_does_not_open_it():
    box = sealed.seal("text")

    with override_settings(SECRET_KEY="another"), pytest.raises(sealed.SealBrokenError):
        sealed.unseal(box)


def test_a_replaced_key_still_opens_what_it_sealed():
    box = sealed.seal("text")

    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert sealed.unseal(box) == "text"


def test_a_changed_seal_is_refused():
    box = sealed.seal("text")

    with pytest.raises(sealed.SealBrokenError):
        sealed.unseal(box[:-2] + ("AA" if box[-2:] != "AA" else "BB"))
