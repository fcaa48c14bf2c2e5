"""Secrets: sealed at rest with one key, digested when only a comparison is needed."""

import base64
import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import NotReady
from app.settings import Settings

KEY_BYTES = 32
NONCE_BYTES = 12


class Vault:
    """Seals and opens texts with AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: str) -> bytes:
        """`text`, readable only with the key; never the same bytes twice."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        """The text that was sealed. Raises NotReady if it was sealed with another key."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None).decode()
        except InvalidTag as error:
            raise NotReady(
                "A stored secret does not open with HANDRAISER_SECRET_KEY. Was the key changed?"
            ) from error


def digest(secret: str) -> str:
    """SHA-256 in hex; enough for random keys, which no dictionary holds."""
    return hashlib.sha256(secret.encode()).hexdigest()


def open_vault(settings: Settings) -> Vault:
    """The vault of this installation; the embedded default makes itself a key file of mode 600."""
    if settings.secret_key is not None:
        return Vault(_decoded(settings.secret_key.get_secret_value()))
    if not settings.is_sqlite:
        raise NotReady(
            "HANDRAISER_SECRET_KEY is not set. Make one with: "
            "python3 -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())'"
        )
    return Vault(_decoded(_key_file(settings.data_folder / "secret.key")))


def _key_file(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Made aside and linked: of two processes that start at once one wins, and nobody reads half a key.
        with NamedTemporaryFile("w", dir=path.parent) as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text().strip()


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise NotReady("HANDRAISER_SECRET_KEY must be 32 bytes in base64.")
    return key
