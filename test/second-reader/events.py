"""Entries, attestations and the data of events (docs/spec/entry.md, docs/spec/attestation.md, docs/spec/events.md)."""

import re
from datetime import datetime

from canonical import Refused, canonical, decimal, digest, from_base64, parse_canonical, sha256
from tree import leaf_hash, root_from_inclusion

DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", re.ASCII)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
KEY_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
ENTRY_MEMBERS = ["dataDigest", "eventId", "recordedAt", "revision", "streamRef", "type", "typeVersion", "v"]

EXECUTION = "tenant executionId actor"
ATTEMPT = f"{EXECUTION} decisionId attempt holderHash"
DENIED = (
    f"{EXECUTION} decisionId evaluation reevaluates intent policy evaluatedAt runtime"
    " rule reasons obligations diagnostics terms"
)
COMMITTED = f"{ATTEMPT} commitId bodyDigest result late"
KEY = "actor origin keyId purpose publicKey"
MEMBERS = {
    "DecisionDenied": DENIED,
    "DecisionAdmitted": f"{DENIED} validUntil",
    "DecisionEscalated": f"{DENIED} validUntil approval",
    "ApprovalGranted": f"{EXECUTION} decisionId decisionDigest approverRole reason",
    "ApprovalRejected": f"{EXECUTION} decisionId decisionDigest approverRole reason",
    "ApprovalExpired": f"{EXECUTION} decisionId expiresAt",
    "ReservationPlaced": f"{ATTEMPT} ttlMs expiresAt",
    "ReservationRenewed": f"{ATTEMPT} ttlMs expiresAt",
    "ReservationReleased": f"{ATTEMPT} reason",
    "ReservationExpired": f"{ATTEMPT} expiresAt effect",
    "ExecutionCommitted": COMMITTED,
    "ExecutionFailed": COMMITTED,
    "OutcomeUnknown": COMMITTED,
    "LateOutcomeReported": f"{COMMITTED} outcome",
    "OutcomeReconciled": f"{EXECUTION} attempt outcome reason",
    "ReplayRefused": f"{EXECUTION} code operation count windowStart windowEnd",
    "ForeignEventFound": "stream revision reason",
    "PolicyPublished": "tenant actor policyId version digest document signature keyId",
    "PolicyActivated": "tenant actor policyId version digest activation supersedes reason",
    "PolicyRetired": "tenant actor policyId version digest reason",
    "KeyAdded": KEY,
    "KeyRotated": f"{KEY} replaces",
    "KeyRevoked": f"{KEY} cutOffIndex reason",
}
DECISIONS = ("DecisionAdmitted", "DecisionDenied", "DecisionEscalated")
OUTCOMES = {"ExecutionCommitted": "succeeded", "ExecutionFailed": "failed", "OutcomeUnknown": "unknown"}


def message(domain, origin, *body):
    """What is signed in a domain."""
    return b"".join([f"{domain}\n{origin}\n".encode(), *body])


def digest_of(*parts):
    return "sha256:" + sha256(*parts).hex()


def stream_ref(stream, salt):
    """How entries name a stream; the salt is that of an execution or refusals stream."""
    if not stream.startswith(("execution-", "refusals-")):
        return stream
    return digest_of(b"\x03", salt, stream.encode())


def opens(commitment, name, opening):
    salt = from_base64(opening["salt"], 16)
    return commitment == digest_of(b"\x02", salt, canonical([name, opening["value"]]))


def milliseconds(instant):
    """RFC 3339 in its one spelling, on a date that exists → since 1970."""
    if not isinstance(instant, str) or not INSTANT.fullmatch(instant):
        raise Refused("EVENT_INVALID", "not an instant")
    try:
        moment = datetime.strptime(instant, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError as error:
        raise Refused("EVENT_INVALID", str(error)) from error
    passed = moment - datetime(1970, 1, 1)
    return (passed.days * 86_400 + passed.seconds) * 1_000 + passed.microseconds // 1_000


def parse_entry(text):
    """The attested text of an entry, in its one spelling."""
    entry = parse_canonical(text.encode("utf-8", "surrogatepass"), "FOREIGN_EVENT")
    if not isinstance(entry, dict) or list(entry) != ENTRY_MEMBERS:
        raise Refused("FOREIGN_EVENT", "not an entry")
    forms = (
        entry["v"] == 1 and not isinstance(entry["v"], bool),
        _matches(DIGEST, entry["dataDigest"]),
        _matches(UUID, entry["eventId"]),
        _matches(re.compile(r"[A-Za-z0-9._:/-]{1,512}"), entry["streamRef"]),
        _matches(re.compile(r"[A-Z][A-Za-z0-9]{0,63}"), entry["type"]),
        type(entry["typeVersion"]) is int and 1 <= entry["typeVersion"] <= 65_535,
    )
    if not all(forms):
        raise Refused("FOREIGN_EVENT", "a member outside its pattern")
    decimal(entry["revision"], "FOREIGN_EVENT", 2**63)
    milliseconds(entry["recordedAt"])
    return entry


def parse_data(kind, version, text):
    """The data of an event: canonical, of exactly the members of its type, as far as the page says what they hold."""
    data = parse_canonical(text.encode("utf-8", "surrogatepass"), "EVENT_INVALID")
    if kind not in MEMBERS or version != 1 or not isinstance(data, dict):
        raise Refused("EVENT_INVALID", "an unknown type")
    if set(data) != {"nonce", *MEMBERS[kind].split()}:
        raise Refused("EVENT_INVALID", "other members than those of its type")
    from_base64(data["nonce"], 16, "EVENT_INVALID")
    for name, value in data.items():
        _check_member(name, value)
    return data


def _check_member(name, value):
    if name in ("decisionId", "commitId") and not _matches(UUID, value):
        raise Refused("EVENT_INVALID", f"{name} is no UUID")
    if name in ("evaluatedAt", "validUntil", "expiresAt", "windowStart", "windowEnd"):
        milliseconds(value)
    if name in ("digest", "holderHash", "bodyDigest", "decisionDigest") and not _matches(DIGEST, value):
        raise Refused("EVENT_INVALID", f"{name} is no digest")
    if name in ("attempt", "evaluation", "activation", "ttlMs", "count") and not (type(value) is int and value >= 1):
        raise Refused("EVENT_INVALID", f"{name} is no whole number from 1 on")
    if name in ("revision", "cutOffIndex"):
        decimal(value, "EVENT_INVALID")
    if name == "actor" and (set(value) != {"id", "role"} or value["role"] not in "caller auditor operator system".split()):
        raise Refused("EVENT_INVALID", "no actor")


def entry_of(event, ref, attested):
    """What the entry of an event must be; id, revision and time are the attested ones. Where the data stay at home, their digest too."""
    data = event.get("data")
    return canonical(
        {
            "dataDigest": attested["dataDigest"] if data is None else digest(data.encode("utf-8", "surrogatepass")),
            "eventId": attested["eventId"],
            "recordedAt": attested["recordedAt"],
            "revision": attested["revision"],
            "streamRef": ref,
            "type": event["type"],
            "typeVersion": event["typeVersion"],
            "v": 1,
        }
    ).decode()


def attestation_message(origin, attestation):
    """What was signed of the batch that the entry is in."""
    batch = attestation["batch"]
    path = [from_base64(hash, 32, "ATTESTATION_INVALID") for hash in batch["path"]]
    try:
        root = root_from_inclusion(leaf_hash(attestation["entry"].encode()), batch["index"], batch["size"], path)
    except Refused as error:
        raise Refused("ATTESTATION_INVALID", str(error)) from error
    return message("writ/attestation/v1", origin, batch["size"].to_bytes(8, "big"), root)


def _matches(pattern, value):
    return isinstance(value, str) and pattern.fullmatch(value) is not None
