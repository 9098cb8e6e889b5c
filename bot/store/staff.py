"""Members of staff: who there is, what they may do, and how the first one comes in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.core.errors import fail
from bot.core.handoffs import Staff
from bot.core.roles import Permission, Role, permissions_of
from bot.store.database import transaction, utc_now
from bot.store.one_time_links import make_link
from bot.store.staff_tables import StaffSession, StaffUser

EMAIL = re.compile(r"[^@\s<>\"'&]{1,64}@[^@\s<>\"'&]+\.[^@\s<>\"'&.]+")


@dataclass(frozen=True)
class StaffMember:
    """One member of staff."""

    id: int
    email: str
    name: str
    title: str
    """In words for caregivers, for example "nurse"."""
    roles: frozenset[Role]
    is_active: bool
    is_set_up: bool
    """Whether a password and a second factor have been chosen."""
    last_sign_in_at: datetime | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the roles allow together."""
        return permissions_of(self.roles)

    def may(self, permission: Permission) -> bool:
        """Whether one of the roles allows it."""
        return permission in self.permissions

    @property
    def as_staff(self) -> Staff:
        """As caregivers and the history of hand-offs see this person."""
        return Staff(str(self.id), self.name, self.title)


def has_users(engine: sa.engine.Engine) -> bool:
    """Whether anybody exists."""
    with engine.connect() as connection:
        return connection.execute(sa.select(StaffUser.id).limit(1)).first() is not None


def list_users(engine: sa.engine.Engine) -> Sequence[StaffMember]:
    """Everybody, by name."""
    with Session(engine, future=True) as session:
        rows = session.execute(sa.select(StaffUser).order_by(StaffUser.is_active.desc(), StaffUser.name)).scalars()
        return [read_user(row) for row in rows]


def colleagues(engine: sa.engine.Engine, member: StaffMember) -> Sequence[StaffMember]:
    """Others who may answer caregivers: to whom a conversation can be handed."""
    return [
        other
        for other in list_users(engine)
        if other.is_active and other.is_set_up and other.id != member.id and other.may(Permission.ANSWER)
    ]


def get_user(engine: sa.engine.Engine, user_id: int) -> StaffMember | None:
    """One member of staff."""
    with Session(engine, future=True) as session:
        row = session.get(StaffUser, user_id)
        return read_user(row) if row else None


def find_user(engine: sa.engine.Engine, email: str) -> StaffMember | None:
    """One member of staff by e-mail address, in any case."""
    with Session(engine, future=True) as session:
        row = session.execute(sa.select(StaffUser).where(StaffUser.email == clean_email(email))).scalar()
        return read_user(row) if row else None


def add_user(engine: sa.engine.Engine, *, email: str, name: str, title: str, roles: Iterable[Role]) -> StaffMember:
    """Add somebody, who cannot sign in before using a one-time link (bot/store/one_time_links.py).

    Raises FaultsError when a field is empty, the address is malformed or already there, or no role is given.
    """
    try:
        with transaction(engine) as session:
            row = new_user(email=email, name=name, title=title, roles=roles)
            session.add(row)
            session.flush()
            return read_user(row)
    except IntegrityError as error:
        raise fail("e-mail", "somebody with this address is already there", "reset that account instead") from error


def new_user(*, email: str, name: str, title: str, roles: Iterable[Role]) -> StaffUser:
    """A row to be added. Raises FaultsError as `add_user` does."""
    email, name, title, chosen = clean_email(email), name.strip(), title.strip(), frozenset(roles)
    if not EMAIL.fullmatch(email) or len(email) > 254:
        raise fail("e-mail", "it does not look like an address", "write it like name@example.org")
    for what, text in (("name", name), ("title", title)):
        if not text or len(text) > 120:
            raise fail(what, "it is empty or longer than 120 characters", "caregivers see it when this person answers")
    if not chosen:
        raise fail("roles", "none is given", f"choose from {', '.join(role.value for role in Role)}")
    return StaffUser(
        email=email, name=name, title=title, roles=sorted(role.value for role in chosen), totp_step=0,
        is_active=True, created_at=utc_now(),
    )  # fmt: skip


def change_roles(engine: sa.engine.Engine, user_id: int, roles: Iterable[Role]) -> None:
    """Give somebody other roles. Raises FaultsError when no role or no administrator would be left."""
    chosen = frozenset(roles)
    if not chosen:
        raise fail("roles", "none is left", "disable the account instead")
    with transaction(engine) as session:
        if Role.ADMIN not in chosen:
            _keep_an_admin(session, user_id)
        values = {"roles": sorted(role.value for role in chosen)}
        session.execute(sa.update(StaffUser).where(StaffUser.id == user_id).values(values))


def set_active(engine: sa.engine.Engine, user_id: int, *, is_active: bool) -> None:
    """Disable an account (its sessions end at once) or enable it. Raises FaultsError for the last administrator."""
    with transaction(engine) as session:
        if not is_active:
            _keep_an_admin(session, user_id)
            session.execute(sa.delete(StaffSession).where(StaffSession.user_id == user_id))
        session.execute(sa.update(StaffUser).where(StaffUser.id == user_id).values(is_active=is_active))


def first_admin_link(engine: sa.engine.Engine, base_url: str) -> str | None:
    """A one-time link that makes the first administrator; None when there is somebody already."""
    return None if has_users(engine) else make_link(engine, base_url, user_id=None, now=utc_now())


def clean_email(email: str) -> str:
    """An address as it is stored."""
    return email.strip().lower()


def read_user(row: StaffUser) -> StaffMember:
    """A row as a value."""
    known = {role.value for role in Role}
    return StaffMember(
        id=row.id, email=row.email, name=row.name, title=row.title,
        roles=frozenset(Role(name) for name in row.roles if name in known), is_active=bool(row.is_active),
        is_set_up=row.password_hash is not None, last_sign_in_at=row.last_sign_in_at,
    )  # fmt: skip


def _keep_an_admin(session: Session, user_id: int) -> None:
    # Locked, so that two administrators cannot disable one another at the same moment.
    rows = session.execute(sa.select(StaffUser).where(StaffUser.is_active).with_for_update()).scalars()
    admins = {row.id for row in rows if Role.ADMIN.value in row.roles}
    if admins == {user_id}:
        raise fail("administrators", "this is the only one", "make somebody else administrator first")
