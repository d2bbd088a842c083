"""Strict JSON, its canonical form, and bytes as text (docs/spec/json.md)."""

import base64
import binascii
import hashlib
import json
import re

MAX_INTEGER = 2**53 - 1
FORBIDDEN_NAMES = {"__proto__", "constructor", "prototype"}


class Refused(Exception):
    """Input that no honest writer makes, or that does not show what it should. The code is that of docs/spec/errors.md."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


def parse_canonical(data, code="JSON_NOT_CANONICAL", max_depth=40):
    """Reads bytes that must be the canonical form of what they say, and nothing else."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer)
        _check(value, max_depth)
        spelled = canonical(value)
    except (UnicodeError, ValueError, RecursionError) as error:
        raise Refused(code, str(error)) from error
    if spelled != data:
        raise Refused(code, "another spelling than the canonical one")
    return value


def canonical(value):
    """RFC 8785, as UTF-8."""
    return _spell(value).encode("utf-8")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def digest(data):
    """How a SHA-256 is written in JSON."""
    return "sha256:" + sha256(data).hex()


def from_base64(text, size=None, code="ENCODING_BASE64"):
    """RFC 4648 section 4 in its one spelling; `size` in bytes, where it is known."""
    try:
        if not isinstance(text, str):
            raise ValueError("not a string")
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(code, str(error)) from error
    if base64.b64encode(data).decode("ascii") != text:
        raise Refused(code, "another spelling than the one of these bytes")
    if size is not None and len(data) != size:
        raise Refused(code, f"{len(data)} bytes, not {size}")
    return data


def decimal(text, code, limit=2**64):
    """A whole number as a string without leading zeros, below `limit`."""
    if not isinstance(text, str) or not re.fullmatch(r"0|[1-9][0-9]{0,19}", text, re.ASCII) or int(text) >= limit:
        raise Refused(code, "not a decimal number in its one spelling")
    return int(text)


def _object(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name twice in one object")
    return members


def _constant(name):
    raise ValueError(f"{name} is not JSON")


def _integer(digits):
    if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
        raise ValueError("an integer beyond 2^53 - 1")
    return int(digits)


def _check(value, depth):
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, (list, dict)):
        if depth == 0:
            raise ValueError("nested too deep")
        for name in value if isinstance(value, dict) else ():
            _check_text(name)
            if name in FORBIDDEN_NAMES:
                raise ValueError("a name that is refused")
        for inner in value.values() if isinstance(value, dict) else value:
            _check(inner, depth - 1)


def _check_text(text):
    for character in text:
        point = ord(character)
        if 0xD800 <= point <= 0xDFFF:
            raise ValueError("a lone surrogate")
        if 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE:
            raise ValueError("a noncharacter")


def _spell(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _spell_number(value)
    if isinstance(value, str):
        return _spell_text(value)
    if isinstance(value, list):
        return "[" + ",".join(_spell(item) for item in value) + "]"
    members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
    return "{" + ",".join(_spell_text(name) + ":" + _spell(inner) for name, inner in members) + "}"


def _spell_text(text):
    # Python escapes as RFC 8785 does, but for U+007F, which it leaves as it is too.
    return json.dumps(text, ensure_ascii=False)


def _spell_number(number):
    """ECMAScript Number::toString; Python's repr finds the same shortest digits but lays them out differently."""
    if isinstance(number, int):
        return str(number)
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError("a number that is not finite")
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        if abs(number) > MAX_INTEGER:
            raise ValueError("an integer beyond 2^53 - 1")
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    power = f"e{point - 1:+d}"
    return sign + digits[0] + ("." + digits[1:] if count > 1 else "") + power
