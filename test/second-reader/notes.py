"""Signed notes, checkpoints, cosignatures and trust policies (docs/spec/checkpoint.md)."""

import re
from collections import namedtuple

from canonical import Refused, decimal, from_base64, sha256
from signatures import is_strict_ed25519_key, verify_ed25519

ED25519, COSIGNATURE = 0x01, 0x04
OPAQUE = {0x02, 0x05, 0x06, 0xFF}
EMPTY_ROOT = sha256()
MAX_NOTE_BYTES = 1_000_000
MAX_LINES = 64

Key = namedtuple("Key", "name id type public")
Line = namedtuple("Line", "name id signature")
Policy = namedtuple("Policy", "logs witnesses quorum")
Checkpoint = namedtuple("Checkpoint", "origin size root text cosigned")


def parse_note(data):
    """Bytes → the text that is signed, and the signature lines."""
    if len(data) > MAX_NOTE_BYTES:
        _refuse("NOTE_INVALID", "too long")
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("NOTE_INVALID", "not UTF-8") from error
    if any(ord(character) < 0x20 and character != "\n" for character in note):
        _refuse("NOTE_INVALID", "a control character")
    text, empty, signatures = note.rpartition("\n\n")
    if not empty or not signatures.endswith("\n"):
        _refuse("NOTE_INVALID", "no signatures below an empty line")
    lines = signatures[:-1].split("\n")
    if len(lines) > MAX_LINES:
        _refuse("NOTE_INVALID", "too many signatures")
    return text + "\n", [_parse_line(line) for line in lines]


def _parse_line(line):
    match = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
    if match is None or not _is_name(match[1]):
        _refuse("NOTE_INVALID", "not a signature line")
    data = from_base64(match[2], code="NOTE_INVALID")
    if len(data) < 5:
        _refuse("NOTE_INVALID", "no signature behind the key id")
    return Line(match[1], data[:4], data[4:])


def _is_name(name):
    return name != "" and "+" not in name and not any(character.isspace() or character < " " for character in name)


def parse_vkey(text):
    name, _, rest = text.partition("+")
    match = re.fullmatch(r"([0-9a-f]{8})\+(.+)", rest)
    if match is None or not _is_name(name):
        _refuse("VERIFIER_KEY_INVALID", "not a verifier key")
    data = from_base64(match[2], code="VERIFIER_KEY_INVALID")
    kind, public = (data[0], data[1:]) if data else (None, b"")
    if kind in (ED25519, COSIGNATURE):
        if not is_strict_ed25519_key(public):
            _refuse("VERIFIER_KEY_INVALID", "not a key of 32 bytes, or one that signs too much")
    elif kind not in OPAQUE or public == b"":
        _refuse("VERIFIER_KEY_INVALID", "an unknown type")
    hashed = sha256(public) if kind == 0x02 else sha256(name.encode(), b"\n", data)
    if hashed[:4].hex() != match[1]:
        _refuse("VERIFIER_KEY_INVALID", "the id of another key")
    return Key(name, hashed[:4], kind, public)


def parse_policy(text):
    """The lines of a tlog-policy; the quorum is a function from the names of those who cosigned."""
    logs, witnesses, groups, publics, used = [], {}, {}, set(), set()
    quorum = None
    if any(ord(character) < 0x20 and character not in "\t\n" or ord(character) == 0x7F for character in text):
        _refuse("TRUST_POLICY_INVALID", "a control character")
    if not text.endswith("\n") or len(text) > MAX_NOTE_BYTES:
        _refuse("TRUST_POLICY_INVALID", "the last line does not end")

    def new_key(vkey):
        try:
            key = parse_vkey(vkey)
        except Refused as error:
            raise Refused("TRUST_POLICY_INVALID", str(error)) from error
        if key.public in publics:
            _refuse("TRUST_POLICY_INVALID", "a key twice")
        publics.add(key.public)
        return key

    def new_name(name):
        if name == "none" or name in witnesses or name in groups:
            _refuse("TRUST_POLICY_INVALID", "a name twice")
        return name

    def met_by(name):
        if name in witnesses:
            return lambda names: name in names
        if name in groups:
            return groups[name]
        _refuse("TRUST_POLICY_INVALID", "a name that no line above defines")

    for line in text[:-1].split("\n"):
        words = [word for word in re.split(r"[ \t]+", line) if word != ""]
        if words == [] or words[0].startswith("#"):
            continue
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                key = new_key(vkey)
                if key.type == COSIGNATURE:
                    _refuse("TRUST_POLICY_INVALID", "the key of a witness")
                logs.append(key)
            case ["witness", name, vkey, *url] if len(url) <= 1:
                key = new_key(vkey)
                if key.type == ED25519:
                    _refuse("TRUST_POLICY_INVALID", "the key of a log")
                witnesses[new_name(name)] = key
            case ["group", name, wanted, *members] if members:
                threshold = {"all": len(members), "any": 1}.get(wanted) or _threshold(wanted, len(members))
                tests = [met_by(member) for member in members]
                if used & set(members) or len(set(members)) != len(members):
                    _refuse("TRUST_POLICY_INVALID", "a member twice")
                used.update(members)
                groups[new_name(name)] = lambda names, tests=tests, threshold=threshold: (
                    sum(1 for test in tests if test(names)) >= threshold
                )
            case ["quorum", name] if quorum is None:
                quorum = (lambda names: True) if name == "none" else met_by(name)
            case _:
                _refuse("TRUST_POLICY_INVALID", "a line that says nothing")
    if quorum is None or max(len(logs), len(witnesses), len(groups)) > 256:
        _refuse("TRUST_POLICY_INVALID", "no quorum, or too many lines")
    return Policy(logs, witnesses, quorum)


def _threshold(text, members):
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text, re.ASCII) or int(text) > members:
        _refuse("TRUST_POLICY_INVALID", "no such threshold")
    return int(text)


def verify_checkpoint(data, policy, origin=None, not_before=None):
    """Bytes of a note → Checkpoint, with {witness: unix seconds} of those who cosigned. The steps of the page, in their order."""
    text, lines = parse_note(data)
    found, size, root = _parse_checkpoint(text)
    logs = [key for key in policy.logs if key.name == found]
    if not logs or origin not in (None, found):
        _refuse("CHECKPOINT_ORIGIN", "another log")
    signed, times = set(), {}
    known = [*logs, *policy.witnesses.values()]
    for key in known:
        for line in lines:
            if (line.name, line.id) == (key.name, key.id) and key.type not in OPAQUE:
                signed.add(key)
                times[key] = max(times.get(key, 0), _verify_line(key, text, line.signature))
    if not signed or not any(key in signed for key in logs):
        _refuse("NOTE_UNSIGNED", "the log has not signed")
    cosigned = {name: times[key] for name, key in policy.witnesses.items() if key in signed}
    if not policy.quorum(set(cosigned)):
        _refuse("CHECKPOINT_QUORUM", "too few witnesses")
    if not_before is not None:
        fresh = {name for name, time in cosigned.items() if time >= not_before}
        if not fresh or not policy.quorum(fresh):
            _refuse("CHECKPOINT_STALE", "too old")
    return Checkpoint(found, size, root, text, cosigned)


def _verify_line(key, text, signature):
    """→ the time of a cosignature, 0 for a log."""
    time, message = 0, text.encode()
    if key.type == COSIGNATURE:
        time = int.from_bytes(signature[:8], "big")
        message = f"cosignature/v1\ntime {time}\n{text}".encode()
        signature = signature[8:]
        if not 0 < time < 2**53:
            _refuse("NOTE_SIGNATURE_INVALID", "a time that nobody means")
    if not verify_ed25519(message, signature, key.public):
        _refuse("NOTE_SIGNATURE_INVALID", key.name)
    return time


def _parse_checkpoint(text):
    lines = text[:-1].split("\n")
    if len(lines) < 3 or "" in lines:
        _refuse("CHECKPOINT_INVALID", "not three lines")
    size = decimal(lines[1], "CHECKPOINT_INVALID")
    root = from_base64(lines[2], 32, "CHECKPOINT_INVALID")
    if len(lines) > 3:
        _refuse("CHECKPOINT_EXTENDED", "extension lines")
    if size == 0 and root != EMPTY_ROOT:
        _refuse("CHECKPOINT_INVALID", "a root without leaves")
    return lines[0], size, root


def _refuse(code, message):
    raise Refused(code, message)
