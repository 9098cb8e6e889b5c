"""What a password of a member of staff has to be. Pure."""

from __future__ import annotations

SHORTEST = 12
LONGEST = 200
"""Longer ones would only cost time to hash."""


def password_fault(password: str, *, email: str) -> str | None:
    """What is wrong with a password, as a sentence for the person who chose it; None when it will do."""
    if len(password) < SHORTEST:
        return f"The password is too short. Use at least {SHORTEST} characters; a few words in a row are easy to keep."
    if len(password) > LONGEST:
        return f"The password is too long. Use at most {LONGEST} characters."
    if len(set(password.lower())) < 5:
        return "The password repeats very few characters. Choose something less regular."
    name = email.split("@", maxsplit=1)[0].lower()
    if password.lower() in (email.lower(), name * 2) or (len(name) > 5 and password.lower().startswith(name)):
        return "The password is too close to the e-mail address. Choose something else."
    return None
