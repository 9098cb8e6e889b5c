"""Who may do what in the staff console. Pure: roles in, permissions out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum


class Permission(str, Enum):
    """One thing that a page or an act needs; a closed set."""

    SEE_HOME = "see_home"
    """How many wait and whether everything runs: every member of staff."""
    SEE_QUEUE = "see_queue"
    READ_HANDED_OVER = "read_handed_over"
    """Read conversations in which a person was asked for."""
    ANSWER = "answer"
    """Claim, answer, release, transfer, decline and close; see how to reach a person whose request one holds."""
    READ_ALL = "read_all"
    """Read every conversation, and the feedback."""
    WRITE_NOTES = "write_notes"
    READ_TOPICS = "read_topics"
    APPROVE_TOPICS = "approve_topics"
    READ_AUDIT = "read_audit"
    MANAGE_USERS = "manage_users"


class Role(str, Enum):
    """What a member of staff is here for; one person may have several."""

    RESPONDER = "responder"
    REVIEWER = "reviewer"
    CONTENT_APPROVER = "content approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


ROLE_HELP: Mapping[Role, str] = {
    Role.RESPONDER: "answers caregivers who ask for a person",
    Role.REVIEWER: "reads conversations and feedback",
    Role.CONTENT_APPROVER: "approves the texts of topics; a clinician",
    Role.AUDITOR: "reads the record of who did and saw what",
    Role.ADMIN: "adds, changes and disables members of staff",
}

_EVERYBODY = frozenset({Permission.SEE_HOME, Permission.READ_TOPICS})
_GRANTED: Mapping[Role, frozenset[Permission]] = {
    Role.RESPONDER: frozenset(
        {Permission.SEE_QUEUE, Permission.READ_HANDED_OVER, Permission.ANSWER, Permission.WRITE_NOTES}
    ),
    Role.REVIEWER: frozenset(
        {Permission.SEE_QUEUE, Permission.READ_HANDED_OVER, Permission.READ_ALL, Permission.WRITE_NOTES}
    ),
    Role.CONTENT_APPROVER: frozenset({Permission.APPROVE_TOPICS}),
    Role.AUDITOR: frozenset({Permission.READ_AUDIT}),
    # Managing accounts is no reason to read what caregivers wrote.
    Role.ADMIN: frozenset({Permission.MANAGE_USERS}),
}


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Everything that these roles allow together."""
    return _EVERYBODY.union(*(_GRANTED[role] for role in roles))


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """The roles that allow this: what a refusal names."""
    return tuple(role for role in Role if permission in _EVERYBODY | _GRANTED[role])


def parse_roles(names: Iterable[str]) -> frozenset[Role]:
    """Roles from their names; `content_approver` and `content-approver` will do too.

    Raises ValueError that names the roles there are.
    """
    try:
        return frozenset(Role(name.strip().lower().replace("_", " ").replace("-", " ")) for name in names)
    except ValueError as error:
        raise ValueError(f"{error}; the roles are {', '.join(role.value for role in Role)}") from error
