"""The bundle of one execution, and every check but the two that need the rules of executions and policies (docs/spec/bundle.md)."""

import re
from collections import namedtuple

from canonical import Refused, canonical, decimal, digest, from_base64, parse_canonical
from events import (
    DECISIONS,
    KEY_ID,
    OUTCOMES,
    attestation_message,
    entry_of,
    message,
    milliseconds,
    opens,
    parse_data,
    parse_entry,
    stream_ref,
)
from keys import Keys
from notes import parse_note, verify_checkpoint
from signatures import verify_secp256k1
from tree import leaf_hash, root_of, verify_inclusion

MAX_BYTES, MAX_DEPTH, MAX_EVENTS, MAX_PATH = 67_108_864, 48, 100_000, 63
LAG_MS = 10_000
ROLES = ("execution", "policy", "keys")
ORIGIN = re.compile(r"[a-z0-9](?:[a-z0-9._:/-]{0,126}[a-z0-9])?", re.ASCII)

Event = namedtuple("Event", "type data revision time index signer entry leaf json id")
Stream = namedtuple("Stream", "name ref events json")


def parse_bundle(data):
    """Bytes → the JSON, of exactly the members that the page lists."""
    code = "BUNDLE_INVALID"
    if len(data) > MAX_BYTES:
        raise Refused(code, "too long")
    bundle = parse_canonical(data, code, MAX_DEPTH)
    try:
        _check_shape(bundle)
    except Refused as error:
        raise Refused(code, str(error)) from error
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise Refused(code, repr(error)) from error
    return bundle


def _check_shape(bundle):
    _members(bundle, "format origin tenant executionId checkpoint streams")
    assert bundle["format"] == "writ/bundle/v1"
    assert ORIGIN.fullmatch(bundle["origin"]) and not re.fullmatch(r"writ/[a-z-]+/v[0-9]+", bundle["origin"])
    assert re.fullmatch(r"[a-z0-9_]{1,32}", bundle["tenant"])
    assert re.fullmatch(r"[A-Za-z0-9._:-]{1,128}", bundle["executionId"])
    assert isinstance(bundle["checkpoint"], str) and bundle["checkpoint"] != ""
    _members(bundle["streams"], " ".join(ROLES))
    tenant, streams = bundle["tenant"], bundle["streams"]
    for role in ROLES:
        _check_stream(streams[role], role)
    assert streams["execution"]["stream"] == f"execution-{tenant}.{bundle['executionId']}"
    assert streams["keys"]["stream"] == f"keys-{bundle['origin']}"
    assert re.fullmatch(rf"policy-{tenant}\.[a-z0-9][a-z0-9-]{{0,63}}", streams["policy"]["stream"])


def _check_stream(stream, role):
    _members(stream, "stream head events" + (" salt" if role == "execution" else ""))
    if role == "execution":
        from_base64(stream["salt"], 16)
    head = stream["head"]
    _members(head, "streamRef lastRevision treeSize keyId signature")
    assert isinstance(head["streamRef"], str) and 1 <= len(head["streamRef"]) <= 512
    decimal(head["lastRevision"], "", 10**19)
    decimal(head["treeSize"], "", 10**19)
    assert KEY_ID.fullmatch(head["keyId"])
    from_base64(head["signature"], 64)
    assert isinstance(stream["events"], list) and 1 <= len(stream["events"]) <= MAX_EVENTS
    for event in stream["events"]:
        _check_event(event, role)


def _check_event(event, role):
    optional = [name for name in ("data", "openings") if name in event]
    _members(event, " ".join(["type typeVersion attestation index path", *optional]))
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]{0,63}", event["type"])
    assert type(event["typeVersion"]) is int and 1 <= event["typeVersion"] <= 65_535
    if "data" in event:
        assert isinstance(event["data"], str)
    else:
        assert role == "policy" and event["type"] == "PolicyPublished"
    if "openings" in event:
        assert isinstance(event["openings"], dict) and event["openings"]
        for opening in event["openings"].values():
            _members(opening, "salt value")
            from_base64(opening["salt"], 16)
    attestation = event["attestation"]
    _members(attestation, "entry keyId batch signature")
    assert isinstance(attestation["entry"], str) and 1 <= len(attestation["entry"]) <= 65_535
    assert KEY_ID.fullmatch(attestation["keyId"])
    from_base64(attestation["signature"], 64)
    batch = attestation["batch"]
    _members(batch, "index size path")
    assert type(batch["index"]) is int and type(batch["size"]) is int
    assert 0 <= batch["index"] < 2**32 and 1 <= batch["size"] < 2**32
    decimal(event["index"], "", 10**19)
    for path, limit in ((batch["path"], 32), (event["path"], MAX_PATH)):
        assert isinstance(path, list) and len(path) <= limit
        for hash in path:
            from_base64(hash, 32)


def _members(value, names):
    assert isinstance(value, dict) and set(value) == set(names.split()), names


class Report:
    """Each check with its status and the code of its first finding; failed beats skipped, skipped beats passed."""

    def __init__(self):
        self.checks = {}

    def run(self, name, check, *arguments):
        found = []
        try:
            check(lambda status, code: found.append((status, code)), *arguments)
        except Refused as refused:
            found.append(("failed", refused.code))
        found.sort(key=lambda finding: finding[0] != "failed")
        self.checks[name] = found[0] if found else ("passed", None)

    def skip(self, name, code):
        self.checks[name] = ("skipped", code)

    def passed(self, *names):
        return all(self.checks.get(name, ("", None))[0] == "passed" for name in names)

    def verdict(self, *asked):
        """`decided` at most: the rules of executions and policies are not evaluated again here."""
        if any(status == "failed" for status, _ in self.checks.values()) or not self.passed(*asked):
            return None
        recorded = "form origin checkpoint quorum entries attestations keys inclusion contiguity streamHeads atMostOnce"
        if not self.passed(*recorded.split()):
            return None
        return "decided" if self.passed("policyDigest", "publication", "inForce") else "recorded"


def verify_bundle(data, trust, mirror=None, not_before=None):
    """→ Report. `mirror`: all entries of the tree. `not_before`: unix seconds."""
    report = Report()
    try:
        bundle = parse_bundle(data)
    except Refused as refused:
        report.checks["form"] = ("failed", refused.code)
        return report
    report.checks["form"] = ("passed", None)
    report.run("origin", _check_origin, bundle, trust)
    tree = _checkpoint(report, bundle["checkpoint"].encode(), trust, not_before)
    streams = {}
    report.run("entries", _check_entries, bundle, streams)
    if len(streams) < len(ROLES) or tree is None:
        return report
    execution, policy, keys = (streams[role] for role in ROLES)
    events = [event for stream in streams.values() for event in stream.events]
    known = Keys(trust.keys, keys.events, trust.origin)
    report.run("attestations", _check_attestations, events, known, trust.origin)
    report.run("keys", _check_keys, streams, known, tree.size)
    report.run("inclusion", _check_inclusion, events, tree)
    report.run("contiguity", _check_contiguity, streams)
    report.run("streamHeads", _check_heads, streams, tree.size, known, trust.origin)
    report.run("completeness", _check_completeness, streams, tree, mirror)
    report.run("atMostOnce", _check_once, execution)
    decisions = [event for event in execution.events if event.type in DECISIONS and event.data is not None]
    report.run("openings", _check_openings, execution, decisions)
    report.run("policyDigest", _check_policy_digest, decisions, policy)
    report.run("publication", _check_publication, decisions, policy, known, trust.origin)
    report.run("inForce", _check_in_force, decisions, policy)
    return report


def _check_origin(found, bundle, trust):
    if bundle["origin"] != trust.origin:
        found("failed", "CHECKPOINT_ORIGIN")


def _checkpoint(report, note, trust, not_before):
    """`checkpoint`, `quorum` and `freshness`; → what the note says, whoever signed it."""
    nobody = trust.policy._replace(quorum=lambda names: True)
    tree = None
    try:
        tree = verify_checkpoint(note, nobody, trust.origin)
        if tree.size == 0:
            raise Refused("CHECKPOINT_INVALID", "an empty tree")
        report.checks["checkpoint"] = ("passed", None)
    except Refused as refused:
        report.checks["checkpoint"] = ("failed", refused.code)
        return None
    enough = trust.policy.quorum(set(tree.cosigned))
    report.checks["quorum"] = ("passed", None) if enough else ("failed", "CHECKPOINT_QUORUM")
    fresh = {name for name, time in tree.cosigned.items() if not_before is not None and time >= not_before}
    if not_before is None:
        report.skip("freshness", "NOT_ASKED")
    elif fresh and trust.policy.quorum(fresh):
        report.checks["freshness"] = ("passed", None)
    else:
        report.checks["freshness"] = ("failed", "CHECKPOINT_STALE")
    return tree


def _check_entries(found, bundle, streams):
    for role in ROLES:
        stream = bundle["streams"][role]
        salt = from_base64(stream["salt"], 16) if role == "execution" else None
        ref = stream_ref(stream["stream"], salt)
        events = [_open_event(found, event, ref) for event in stream["events"]]
        if None not in events:
            streams[role] = Stream(stream["stream"], ref, events, stream)


def _open_event(found, event, ref):
    """The event as far as it can be read; None where not even its entry can."""
    text = event["attestation"]["entry"]
    try:
        entry = parse_entry(text)
    except Refused as refused:
        found("failed", "FOREIGN_EVENT")
        return None
    data = None
    if entry_of(event, ref, entry) != text:
        found("failed", "FOREIGN_EVENT")
    elif "data" in event:
        try:
            data = parse_data(event["type"], event["typeVersion"], event["data"])
        except (Refused, TypeError) as refused:
            found("failed", "EVENT_INVALID")
    time = milliseconds(entry["recordedAt"])
    index, signer = int(event["index"]), event["attestation"]["keyId"]
    leaf = leaf_hash(text.encode())
    return Event(event["type"], data, int(entry["revision"]), time, index, signer, entry, leaf, event, entry["eventId"])


def _check_attestations(found, events, known, origin):
    for event in events:
        if event.signer not in known.public:
            found("skipped", "KEY_UNKNOWN")
            continue
        attestation = event.json["attestation"]
        signature = from_base64(attestation["signature"], 64)
        try:
            signed = attestation_message(origin, attestation)
        except Refused as refused:
            found("failed", "ATTESTATION_INVALID")
            continue
        if not verify_secp256k1(signed, signature, known.public[event.signer]):
            found("failed", "ATTESTATION_INVALID")


def _check_keys(found, streams, known, size):
    if known.fault is not None:
        found("failed", known.fault)
    signings = [(event.signer, event.index) for role in ("execution", "policy") for event in streams[role].events]
    signings += [(stream.json["head"]["keyId"], size) for stream in streams.values()]
    for event in streams["policy"].events:
        if event.type == "PolicyPublished" and event.data is not None:
            signings.append((event.data["keyId"], event.index))
    for key, index in signings:
        code = known.code_at(key, index)
        if code is not None:
            found("failed", code)


def _check_inclusion(found, events, tree):
    for event in events:
        path = [from_base64(hash, 32) for hash in event.json["path"]]
        try:
            verify_inclusion(event.leaf, event.index, tree.size, path, tree.root)
        except Refused:
            found("failed", "PROOF_INVALID")


def _check_contiguity(found, streams):
    for stream in streams.values():
        if [event.revision for event in stream.events] != list(range(len(stream.events))):
            found("failed", "REVISION_GAP")
        indices = [event.index for event in stream.events]
        if any(left >= right for left, right in zip(indices, indices[1:])):
            found("failed", "INDEX_ORDER")


def _check_heads(found, streams, size, known, origin):
    for stream in streams.values():
        head = stream.json["head"]
        end = {"lastRevision": str(stream.events[-1].revision), "streamRef": stream.ref, "treeSize": str(size)}
        told = {name: head[name] for name in end}
        if told != end:
            found("failed", "HEAD_MISMATCH")
        if head["keyId"] not in known.public:
            found("skipped", "KEY_UNKNOWN")
            continue
        signed = message("writ/stream-head/v1", origin, canonical(told))
        if not verify_secp256k1(signed, from_base64(head["signature"], 64), known.public[head["keyId"]]):
            found("failed", "SIGNATURE_INVALID")


def _check_completeness(found, streams, tree, mirror):
    if mirror is None:
        found("skipped", "NO_MIRROR")
        return
    if len(mirror) != tree.size or root_of([leaf_hash(entry) for entry in mirror]) != tree.root:
        raise Refused("MIRROR_DIFFERS", "another tree")
    shown = {event.index for stream in streams.values() for event in stream.events}
    refs = {stream.ref for stream in streams.values()}
    for index, entry in enumerate(mirror):
        if index not in shown and parse_entry(entry.decode())["streamRef"] in refs:
            found("failed", "EVENT_LEFT_OUT")


def _check_once(found, execution):
    if sum(1 for event in execution.events if event.type == "ExecutionCommitted") > 1:
        found("failed", "COMMITTED_TWICE")


def _check_openings(found, execution, decisions):
    for event in execution.events:
        openings = event.json.get("openings", {})
        if event.data is None:
            found("skipped", "RESTS_ON_FAILED")
            continue
        commitments = _commitments_of(event)
        for name, opening in openings.items():
            if name not in commitments or not opens(commitments[name], name, opening):
                found("failed", "OPENING_MISMATCH")
        if event.type in DECISIONS and set(commitments) - set(openings):
            found("skipped", "WITHHELD")
        if "bodyDigest" in event.data:
            _check_body(found, event, decisions)


def _commitments_of(event):
    if event.type in DECISIONS:
        intent = event.data["intent"]
        signals = {f"signal:{name}": value for name, value in intent["signals"].items()}
        return {"subject": intent["subject"], "parameters": intent["parameters"], **signals}
    result = event.data.get("result")
    return {} if result is None else {"result": result}


def _check_body(found, event, decisions):
    """Outcome and result are those of the report, where both the parameters and the result are open."""
    result = event.json.get("openings", {}).get("result")
    if event.data["result"] is not None and result is None:
        return
    for decision in decisions:
        parameters = decision.json.get("openings", {}).get("parameters")
        if decision.data["decisionId"] != event.data["decisionId"] or parameters is None:
            continue
        body = {
            "outcome": OUTCOMES.get(event.type) or event.data["outcome"],
            "parameters": decision.data["intent"]["parameters"],
            "result": None if result is None else result["value"],
        }
        if not opens(event.data["bodyDigest"], "commit", {"salt": parameters["salt"], "value": body}):
            found("failed", "OPENING_MISMATCH")


def _check_policy_digest(found, decisions, policy):
    published = _publications(policy)
    for decision in decisions:
        named = decision.data["policy"]
        if policy.name != f"policy-{decision.data['tenant']}.{decision.data['intent']['policyId']}":
            found("failed", "POLICY_DIGEST_MISMATCH")
        if named is None:
            continue
        if named["policyId"] != decision.data["intent"]["policyId"]:
            found("failed", "POLICY_DIGEST_MISMATCH")
        activation = _activation_of(named, policy)
        if activation is None or activation.data["tenant"] != decision.data["tenant"]:
            found("failed", "POLICY_MISSING")
        publication = published.get(named["version"])
        if publication is None:
            withheld = any(event.data is None for event in policy.events)
            found(*(("skipped", "WITHHELD") if withheld else ("failed", "POLICY_MISSING")))
            continue
        document = publication["document"]
        same = publication["digest"] == named["digest"] == digest(canonical(document))
        if not same or document.get("id") != named["policyId"] or document.get("version") != named["version"]:
            found("failed", "POLICY_DIGEST_MISMATCH")


def _check_publication(found, decisions, policy, known, origin):
    published = _publications(policy)
    for decision in decisions:
        named = decision.data["policy"]
        if named is None:
            continue
        publication = published.get(named["version"])
        if publication is None:
            found("skipped", "WITHHELD")
            continue
        body = {name: publication[name] for name in ("digest", "policyId", "tenant", "version")}
        signed = message("writ/policy-publication/v1", origin, canonical(body))
        public = known.public.get(publication["keyId"])
        if public is None:
            found("skipped", "KEY_UNKNOWN")
        elif not verify_secp256k1(signed, from_base64(publication["signature"], 64), public):
            found("failed", "SIGNATURE_INVALID")


def _check_in_force(found, decisions, policy):
    spans = _spans(policy)
    for decision in decisions:
        ago = decision.time - milliseconds(decision.data["evaluatedAt"])
        if not 0 <= ago <= LAG_MS:
            found("failed", "DECISION_BACKDATED")
        named = decision.data["policy"]
        used = _span_used(spans, named, decision.index)
        if used is None:
            if named is not None:
                found("failed", "POLICY_MISSING")
            continue
        _, index, _ = spans[used]
        if index >= decision.index:
            found("failed", "POLICY_NOT_YET")
        elif used + 1 < len(spans):
            _, ended, time = spans[used + 1]
            if ended < decision.index and decision.time - time > LAG_MS:
                found("failed", "POLICY_SUPERSEDED")


def _spans(policy):
    """What was in force from which index on: [activation or None, index, time]. An event that cannot follow is refused."""
    spans, current, count, versions, retired = [(None, -1, 0)], None, 0, set(), set()
    prefix, _, policy_id = policy.name.partition(".")
    for event in policy.events:
        if event.data is None:
            if event.type != "PolicyPublished":
                raise Refused("EVENT_INVALID", "an event that cannot be read")
            continue
        data = event.data
        if not event.type.startswith("Policy") or data["policyId"] != policy_id or f"policy-{data['tenant']}" != prefix:
            raise Refused("EVENT_INVALID", "of another policy")
        if event.type == "PolicyPublished":
            if data["version"] in versions:
                raise Refused("EVENT_INVALID", "a version twice")
            versions.add(data["version"])
        elif event.type == "PolicyActivated":
            count += 1
            if data["activation"] != count or data["version"] in retired:
                raise Refused("EVENT_INVALID", "activations that do not count up, or one of a retired version")
            if data["supersedes"] != (current and current.data["version"]):
                raise Refused("EVENT_INVALID", "it supersedes what was not in force")
            current = event
            spans.append((event, event.index, event.time))
        else:
            retired.add(data["version"])
            if current is not None and data["version"] == current.data["version"]:
                current = None
                spans.append((None, event.index, event.time))
    return spans


def _span_used(spans, named, index):
    for at in range(len(spans) - 1, -1, -1):
        activation, since, _ = spans[at]
        if named is None and activation is None and since < index:
            return at
        if named is not None and activation is not None and _is_activation(activation, named):
            return at
    return None


def _activation_of(named, policy):
    found = [event for event in policy.events if event.type == "PolicyActivated" and event.data is not None]
    return next((event for event in found if _is_activation(event, named)), None)


def _is_activation(event, named):
    same = (event.id, str(event.revision)) == (named["activation"]["eventId"], named["activation"]["revision"])
    return same and (event.data["version"], event.data["digest"]) == (named["version"], named["digest"])


def _publications(policy):
    published = [event for event in policy.events if event.type == "PolicyPublished" and event.data is not None]
    return {event.data["version"]: event.data for event in published}
