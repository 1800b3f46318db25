"""The key of an encrypted PDF that opens without a password: its object streams are read with it.

Such files are common: a password of their owner forbids to print or to change them, and everybody may read. Only the
standard handler is known (ISO 32000-2, 7.6.4), and only streams are decrypted.
"""

from dataclasses import dataclass
from hashlib import md5, sha256, sha384, sha512

from distributed_ocr_pipeline.planning.counting.pdf_objects import (
    Dictionary,
    PdfObject,
    as_bytes,
    as_dictionary,
    as_number,
)

_NO_PASSWORD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")  # algorithm 2, step a
_AES_BLOCK = 16


@dataclass(frozen=True)
class StreamCipher:
    """How a file's streams are decrypted."""

    key: bytes
    method: str  # V2, AESV2 or AESV3

    def decrypt(self, content: bytes, number: int) -> bytes:
        """A stream, or its first bytes, of an object of generation 0; padding is left on.

        Raises:
            ValueError: It has no initialization vector.
        """
        key = self.key
        if self.method != "AESV3":  # algorithm 1
            salt = b"sAlT" if self.method == "AESV2" else b""
            numbered = key + number.to_bytes(3, "little") + b"\0\0" + salt
            key = md5(numbered, usedforsecurity=False).digest()[: min(16, len(key) + 5)]
        if self.method == "V2":
            return _rc4(key, content)
        whole = len(content) // _AES_BLOCK * _AES_BLOCK
        return _aes(key, content[:_AES_BLOCK], content[_AES_BLOCK:whole])


def open_without_password(encrypt: Dictionary, identity: list[PdfObject]) -> StreamCipher | None:
    """The cipher of a file that anybody may open; None if its streams are not encrypted.

    Args:
        encrypt: The encryption dictionary.
        identity: The file's `ID`.

    Raises:
        ValueError: Another handler or a newer version. That a password is needed shows when a stream is decrypted.
    """
    version = int(as_number(encrypt.get("V", 0.0)))
    if encrypt.get("Filter") != "Standard" or version not in (1, 2, 4, 5):
        raise ValueError("unknown encryption")
    method = "V2"
    if version >= 4:
        filters, name = as_dictionary(encrypt.get("CF", {})), encrypt.get("StmF", "Identity")
        if name == "Identity":
            return None
        method = str(as_dictionary(filters[str(name)]).get("CFM"))
    if method not in (("AESV3",) if version == 5 else ("V2", "AESV2")):
        raise ValueError("unknown encryption")
    return StreamCipher(_key_of_256_bits(encrypt) if version == 5 else _key_by_md5(encrypt, identity, version), method)


def _key_by_md5(encrypt: Dictionary, identity: list[PdfObject], version: int) -> bytes:
    """Algorithm 2, for keys of 40 to 128 bits."""
    revision = int(as_number(encrypt["R"]))
    bits = {1: 40.0, 4: 128.0}.get(version) or as_number(encrypt.get("Length", 40.0))
    length = min(16, max(5, int(bits) // 8))
    permissions = int(as_number(encrypt["P"])) & 0xFFFFFFFF
    content = _NO_PASSWORD + as_bytes(encrypt["O"])[:32] + permissions.to_bytes(4, "little")
    content += as_bytes(identity[0]) if identity else b""
    if revision >= 4 and encrypt.get("EncryptMetadata") is False:
        content += b"\xff\xff\xff\xff"
    key = md5(content, usedforsecurity=False).digest()
    for _ in range(50 if revision >= 3 else 0):
        key = md5(key[:length], usedforsecurity=False).digest()
    return key[:length]


def _key_of_256_bits(encrypt: Dictionary) -> bytes:
    """Algorithm 2.A, with the user's password, which is empty."""
    salt, wrapped = as_bytes(encrypt["U"])[40:48], as_bytes(encrypt["UE"])[:32]
    hardened = int(as_number(encrypt["R"])) >= 6
    return _aes(_hardened_hash(salt) if hardened else sha256(salt).digest(), bytes(_AES_BLOCK), wrapped)


def _hardened_hash(salt: bytes) -> bytes:
    """Algorithm 2.B, for an empty password: at most 288 rounds."""
    key, rounds, last = sha256(salt).digest(), 0, 0
    while rounds < 64 or last > rounds - 32:
        mixed = _aes(key[:16], key[16:32], key * 64, encrypt=True)
        key = (sha256, sha384, sha512)[sum(mixed[:16]) % 3](mixed).digest()
        rounds, last = rounds + 1, mixed[-1]
    return key[:32]


# pylint: disable=import-outside-toplevel  # 10 MB that a planner needs only where there are encrypted PDFs


def _aes(key: bytes, vector: bytes, content: bytes, *, encrypt: bool = False) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    cipher = Cipher(algorithms.AES(key), modes.CBC(vector))
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    return context.update(content) + context.finalize()


def _rc4(key: bytes, content: bytes) -> bytes:
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
    from cryptography.hazmat.primitives.ciphers import Cipher

    return Cipher(ARC4(key), mode=None).decryptor().update(content)
