"""Which attestation keys count, by leaf index (docs/spec/bundle.md "Which keys count")."""

from canonical import Refused, decimal, from_base64
from trust import is_point, key_id


class Keys:
    """The key stream of a ledger, folded; `pinned` is from the trust file."""

    def __init__(self, pinned, events, origin):
        self.pinned = pinned
        self.public = dict(pinned)
        self.cut_off = {}
        self.since = dict.fromkeys(pinned, 0)
        self.fault = None
        try:
            self._fold(events, origin)
        except Refused as fault:
            self.fault = fault.code
        if self.fault == "EVENT_INVALID":
            # What cannot be folded brings nothing and ends nothing.
            self.cut_off, self.since, self.public = {}, dict.fromkeys(pinned, 0), dict(pinned)
            return
        for event in events:
            self._reach(event)

    def code_at(self, key, index):
        """None where the key counts at the index, else why it does not."""
        if key not in self.since:
            return "KEY_UNKNOWN"
        if key in self.cut_off and index >= self.cut_off[key]:
            return "KEY_REVOKED"
        return "KEY_NOT_YET_VALID" if index < self.since[key] else None

    def _fold(self, events, origin):
        current, seen, time, last = None, [], 0, -1
        for event in events:
            if event.data is None or not event.type.startswith("Key"):
                raise Refused("EVENT_INVALID", "not a key event")
            data, key = event.data, event.data["keyId"]
            public = from_base64(data["publicKey"], 33, "EVENT_INVALID")
            lawful = data["origin"] == origin and is_point(public) and key_id(public) == key
            if not lawful or event.time < time or event.revision != last + 1:
                raise Refused("EVENT_INVALID", "a key event that cannot follow")
            time, last = event.time, event.revision
            self._judge_signer(event, current, seen)
            self.public[key] = public
            if event.type == "KeyAdded":
                if seen:
                    raise Refused("EVENT_INVALID", "a second first key")
                current = key
                seen.append(key)
            elif event.type == "KeyRotated":
                if key in seen or data["replaces"] != current:
                    raise Refused("EVENT_INVALID", "it does not replace the current key")
                current = key
                seen.append(key)
            else:
                if key not in seen or key in self.cut_off:
                    raise Refused("EVENT_INVALID", "the key is not there, or is revoked")
                self.cut_off[key] = decimal(data["cutOffIndex"], "EVENT_INVALID")
                current = None if key == current else current

    def _judge_signer(self, event, current, seen):
        signer = event.signer
        if signer != (event.data["keyId"] if event.type == "KeyAdded" else current):
            self.fault = self.fault or "KEY_UNKNOWN"
        elif signer in self.cut_off and event.index >= self.cut_off[signer]:
            self.fault = self.fault or "KEY_REVOKED"

    def _reach(self, event):
        """Revocations as they stand at the end; a rotation reaches a key where its signer counts."""
        key = event.data["keyId"]
        if event.type == "KeyAdded" and key in self.pinned:
            self.since[key] = event.index
        if event.type == "KeyRotated" and (key in self.pinned or self.code_at(event.signer, event.index) is None):
            self.since[key] = event.index + 1
