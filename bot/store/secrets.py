"""Hashing and encrypting what opens accounts."""

from __future__ import annotations

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.fernet import Fernet, InvalidToken

from bot.core.errors import fail

_HASHER = PasswordHasher()
# Checked for addresses that do not exist, so that the time taken does not tell them apart.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))


def new_token() -> str:
    """A token nobody can guess, fit for an address or a cookie."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token. Plain SHA-256 is enough: the token is random and long."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_password(password: str) -> str:
    """argon2id."""
    return _HASHER.hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Whether a password fits; takes as long when there is none to compare with."""
    try:
        return _HASHER.verify(hashed or _NOBODY, password) and hashed is not None
    except (Argon2Error, InvalidHashError):
        return False


def encrypt(text: str, *, data_key: str) -> str:
    """With SMA_DATA_KEY. Raises FaultsError when that is none."""
    return _fernet(data_key).encrypt(text.encode()).decode()


def decrypt(token: str, *, data_key: str) -> str:
    """Raises FaultsError when it was encrypted with another key."""
    try:
        return _fernet(data_key).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise fail("SMA_DATA_KEY", "what is stored was encrypted with another key", "restore the former one") from error


def _fernet(data_key: str) -> Fernet:
    try:
        return Fernet(data_key)
    except ValueError as error:
        raise fail("SMA_DATA_KEY", "it is no Fernet key", "take it out of .env; 'make run' makes one") from error
