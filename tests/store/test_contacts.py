"""How to reach a caregiver: encrypted at rest, shown to one person, every view on record."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from bot.core.contact import Contact, ContactKind
from bot.core.errors import FaultsError
from bot.core.handoffs import CLAIM_LEASE, Outcome, Reason, Staff
from bot.store import handoffs
from bot.store.contacts import ContactRefused, can_encrypt, decrypt, encrypt, is_token, reveal
from bot.store.handoff_tables import ContactRow

NOW = datetime(2026, 11, 23, 10, 0)
KEY = Fernet.generate_key().decode()
ANA, BEN = Staff("1", "Ana", "nurse"), Staff("2", "Ben", "doctor")
PHONE = Contact(ContactKind.PHONE, "+44 7700 900123")


@pytest.fixture
def asked(any_engine):
    token = encrypt(PHONE, key=KEY)
    made = handoffs.request_handoff(
        any_engine, "web-1", reason=Reason.ASKED, about="x", now=NOW, contact_token=token, kinds=[]
    )
    return made.handoff


def show(engine, handoff, staff, *, now=NOW, views=None, key=KEY):
    views = [] if views is None else views
    return reveal(engine, handoff.id, staff, key=key, now=now, on_view=lambda _session, view: views.append(view))


def test_what_is_stored_cannot_be_read_without_the_key(any_engine, asked):
    with any_engine.connect() as connection:
        token = connection.execute(sa.select(ContactRow.token)).scalar_one()
    assert "7700" not in token and is_token(token) and decrypt(token, key=KEY) == PHONE


def test_the_holder_sees_it_and_the_view_is_on_record_without_the_contact(any_engine, asked):
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    views = []
    assert show(any_engine, asked, ANA, views=views) == PHONE
    (view,) = views
    assert (view.staff, view.handoff_id, view.at) == (ANA, asked.id, NOW) and "7700" not in repr(view)


def test_nobody_else_sees_it_and_nobody_before_the_claim(any_engine, asked):
    for staff in (ANA, BEN):
        with pytest.raises(ContactRefused):
            show(any_engine, asked, staff)
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    with pytest.raises(ContactRefused):
        show(any_engine, asked, BEN)


def test_after_the_lease_it_is_not_shown(any_engine, asked):
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    with pytest.raises(ContactRefused):
        show(any_engine, asked, ANA, now=NOW + CLAIM_LEASE)


def test_a_view_that_cannot_be_recorded_shows_nothing(any_engine, asked):
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)

    def fail(_session, _view):
        raise RuntimeError("the audit is not there")

    with pytest.raises(RuntimeError):
        reveal(any_engine, asked.id, ANA, key=KEY, now=NOW, on_view=fail)


def test_it_is_deleted_when_the_hand_off_ends(any_engine, asked):
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    handoffs.close(any_engine, asked.id, ANA, outcome=Outcome.ANSWERED, now=NOW)
    with any_engine.connect() as connection:
        assert connection.execute(sa.select(ContactRow.id)).first() is None


def test_somebody_who_left_none_has_none(any_engine):
    made = handoffs.request_handoff(any_engine, "web-2", reason=Reason.ASKED, about="x", now=NOW, kinds=[])
    handoffs.claim(any_engine, made.handoff.id, ANA, now=NOW)
    views = []
    assert show(any_engine, made.handoff, ANA, views=views) is None and not views


def test_another_key_says_what_is_wrong_and_what_to_do(any_engine, asked):
    handoffs.claim(any_engine, asked.id, ANA, now=NOW)
    with pytest.raises(FaultsError, match="SMA_DATA_KEY"):
        show(any_engine, asked, ANA, key=Fernet.generate_key().decode())


def test_without_a_key_nothing_can_be_kept():
    assert not can_encrypt("") and not can_encrypt("short") and can_encrypt(KEY)
    with pytest.raises(FaultsError, match="SMA_DATA_KEY"):
        encrypt(PHONE, key="")


def test_a_hand_off_that_does_not_exist_says_so(any_engine):
    with pytest.raises(LookupError):
        reveal(any_engine, 99, ANA, key=KEY, now=NOW, on_view=lambda *_: None)
