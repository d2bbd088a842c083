"""The trust file: whom a reader believes (docs/spec/bundle.md, docs/spec/attestation.md)."""

from collections import namedtuple

from canonical import Refused, from_base64, sha256
from notes import ED25519, parse_policy

Trust = namedtuple("Trust", "origin policy keys")


def key_id(public):
    return sha256(b"writ/key/v1\n", public)[:8].hex()


def parse_trust(text):
    keys, lines = {}, []
    for line in text.split("\n"):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word != ""]
        if words[:1] != ["attestation"]:
            lines.append(line)
            continue
        lines.append("")
        if len(words) != 3 or len(keys) >= 256:
            raise Refused("TRUST_FILE_INVALID", "not an attestation key")
        public = from_base64(words[2], 33, "TRUST_FILE_INVALID")
        if not is_point(public) or key_id(public) != words[1] or words[1] in keys:
            raise Refused("TRUST_FILE_INVALID", "not an attestation key, or one twice")
        keys[words[1]] = public
    try:
        policy = parse_policy("\n".join(lines))
    except Refused as error:
        raise Refused("TRUST_FILE_INVALID", str(error)) from error
    if len(policy.logs) != 1 or policy.logs[0].type != ED25519 or not keys:
        raise Refused("TRUST_FILE_INVALID", "one log, and at least one attestation key")
    return Trust(policy.logs[0].name, policy, keys)


def is_point(public):
    """A compressed point of secp256k1: x below the field prime, and x^3 + 7 a square."""
    prime = 2**256 - 2**32 - 977
    x = int.from_bytes(public[1:], "big")
    square = (x**3 + 7) % prime
    return public[0] in (2, 3) and x < prime and pow(square, (prime - 1) // 2, prime) == 1
