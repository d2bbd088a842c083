"""Command line of the second reader: see README.md."""

import argparse
import json
import sys

from bundle import parse_bundle, verify_bundle
from canonical import Refused
from notes import verify_checkpoint
from tree import leaf_hash, parse_entries, parse_proof, read_entries, verify_inclusion, verify_tiles
from trust import parse_trust


def check_trust(request):
    trust = _trust_of(request)
    return {"origin": trust.origin, "keys": sorted(trust.keys), "witnesses": sorted(trust.policy.witnesses)}


def check_checkpoint(request):
    checkpoint, _ = _checkpoint_of(request, _read(request["file"]))
    return _shown(checkpoint)


def check_proof(request):
    """The inclusion of an entry; without the entry only that the file is well formed and its checkpoint signed."""
    index, path, note = parse_proof(_read(request["file"]))
    checkpoint, _ = _checkpoint_of(request, note)
    if request.get("entry") is None:
        raise Refused("ENTRY_MISSING", "a leaf hash is computed from the entry itself")
    verify_inclusion(leaf_hash(_read(request["entry"])), index, checkpoint.size, path, checkpoint.root)
    return {**_shown(checkpoint), "index": str(index)}


def check_tiles(request):
    checkpoint, _ = _checkpoint_of(request, _read(request["file"]))
    entries = verify_tiles(request["folder"], checkpoint.size, checkpoint.root)
    return {**_shown(checkpoint), "entries": len(entries)}


def check_bundle(request):
    """Verified where nothing failed and the policy that decided was in force: `decided`."""
    trust = _trust_of(request)
    bundle = _read(request["file"])
    mirror = _mirror_of(request, bundle)
    not_before = request.get("not_before")
    report = verify_bundle(bundle, trust, mirror, not_before)
    options = {"completeness": mirror, "freshness": not_before}
    verdict = report.verdict(*(name for name, option in options.items() if option is not None))
    return {"verified": verdict == "decided", "verdict": verdict, "checks": report.checks}


def _mirror_of(request, bundle):
    """All entries of the tree of the bundle's checkpoint: from a folder of tiles, or from one entry bundle."""
    if request.get("entries") is not None:
        return parse_entries(_read(request["entries"]), request["size"])
    if request.get("folder") is not None:
        size = int(parse_bundle(bundle)["checkpoint"].split("\n")[1])
        return read_entries(request["folder"], size)
    return None


CHECKS = {"trust": check_trust, "bundle": check_bundle, "checkpoint": check_checkpoint, "proof": check_proof, "tiles": check_tiles}


def _checkpoint_of(request, note):
    trust = _trust_of(request)
    not_before = request.get("not_before")
    return verify_checkpoint(note, trust.policy, trust.origin, not_before), trust


def _trust_of(request):
    try:
        return parse_trust(_read(request["trust"]).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Refused("TRUST_FILE_INVALID", "not UTF-8") from error


def _shown(checkpoint):
    return {
        "origin": checkpoint.origin,
        "size": str(checkpoint.size),
        "root": checkpoint.root.hex(),
        "cosigned": checkpoint.cosigned,
    }


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def judge(request):
    """One request → {"verified": true, …} or {"verified": false, "code": …}."""
    try:
        return {"verified": True, **CHECKS[request["kind"]](request)}
    except Refused as refused:
        return {"verified": False, "code": refused.code}


def main():
    if sys.argv[1:] == ["batch"]:
        # One request a line, one answer a line: for tests, which have many.
        for line in sys.stdin:
            print(json.dumps(judge(json.loads(line))), flush=True)
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(CHECKS))
    parser.add_argument("--trust", required=True)
    parser.add_argument("--not-before", type=int)
    parser.add_argument("--entry")
    parser.add_argument("file", nargs="?")
    parser.add_argument("folder", nargs="?")
    answer = judge(vars(parser.parse_args()))
    print(json.dumps(answer))
    return 0 if answer["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())
