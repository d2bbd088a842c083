"""Signatures, by the `openssl` command behind checks of shape (docs/spec/attestation.md, docs/spec/checkpoint.md)."""

import base64
import functools
import os
import subprocess
import tempfile

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
FIELD_PRIME = 2**255 - 19
# y of the points of order 1, 2, 4 and 8.
SMALL_ORDER_Y = {
    1,
    FIELD_PRIME - 1,
    0,
    int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
    int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
}
# DER of SubjectPublicKeyInfo up to the key itself: RFC 8410; SEC 1 point on secp256k1, compressed.
SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")
SPKI_SECP256K1 = bytes.fromhex("3036301006072a8648ce3d020106052b8104000a032200")


@functools.lru_cache(maxsize=None)
def verify_ed25519(message, signature, public_key):
    """The rule of checkpoint.md: strict encodings, no points of small order, the equation without the cofactor."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    if not _strict_point(public_key) or not _strict_point(signature[:32]):
        return False
    if int.from_bytes(signature[32:], "little") >= GROUP_ORDER:
        return False
    return _openssl(SPKI_ED25519 + public_key, message, signature, "-rawin")


@functools.lru_cache(maxsize=None)
def verify_secp256k1(message, signature, public_key):
    """ES256K: 64 bytes r, s; s in the lower half; a compressed point."""
    if len(public_key) != 33 or public_key[0] not in (2, 3) or len(signature) != 64:
        return False
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    if not 0 < r < CURVE_ORDER or not 0 < s <= CURVE_ORDER // 2:
        return False
    numbers = _der_integer(r) + _der_integer(s)
    der = b"\x30" + bytes([len(numbers)]) + numbers
    return _openssl(SPKI_SECP256K1 + public_key, message, der, "-rawin", "-digest", "sha256")


def is_strict_ed25519_key(public_key):
    return len(public_key) == 32 and _strict_point(public_key)


def _strict_point(encoded):
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    return y < FIELD_PRIME and y not in SMALL_ORDER_Y


def _der_integer(number):
    data = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(data)]) + data


def _openssl(spki, message, signature, *options):
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(spki) + b"-----END PUBLIC KEY-----\n"
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name) for name in ("key", "message", "signature")}
        for name, data in (("key", pem), ("message", message), ("signature", signature)):
            with open(paths[name], "wb") as file:
                file.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", paths["key"], "-in", paths["message"]]
        command += ["-sigfile", paths["signature"], *options]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
