"""The Merkle tree, its proofs and its tiles (docs/spec/proof.md)."""

import os

from canonical import Refused, decimal, from_base64, sha256
from notes import parse_note


def leaf_hash(entry):
    return sha256(b"\x00", entry)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


def root_of(hashes):
    """The definition, word by word."""
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(root_of(hashes[:split]), root_of(hashes[split:]))


def root_from_inclusion(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2."""
    if index >= size:
        raise Refused("REQUEST_INVALID", "no such leaf")
    node, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Refused("PROOF_INVALID", "too long")
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise Refused("PROOF_INVALID", "too short")
    return root


def verify_inclusion(leaf, index, size, path, root):
    if root_from_inclusion(leaf, index, size, path) != root:
        raise Refused("PROOF_INVALID", "another root")


def verify_consistency(old_size, old_root, size, root, path):
    """RFC 9162 section 2.1.4.2; an old size of 0 is no question."""
    if not 0 < old_size <= size:
        raise Refused("REQUEST_INVALID", "sizes")
    if old_size == size:
        if path or old_root != root:
            raise Refused("PROOF_INVALID", "two roots for one size")
        return
    if not path:
        raise Refused("PROOF_INVALID", "no path")
    first, *rest = path if old_size & (old_size - 1) else [old_root, *path]
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = first
    for sibling in rest:
        if sn == 0:
            raise Refused("PROOF_INVALID", "too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(sibling, fr), node_hash(sibling, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or fr != old_root or sr != root:
        raise Refused("PROOF_INVALID", "another root")


def parse_proof(data):
    """A tlog-proof@v1 → index, path, bytes of the checkpoint."""
    code = "PROOF_INVALID"
    head, empty, note = data.partition(b"\n\n")
    try:
        parse_note(note)
        lines = head.decode("utf-8").split("\n")
    except (Refused, UnicodeDecodeError) as error:
        raise Refused(code, "not UTF-8, or no note below") from error
    if not empty or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Refused(code, "another format")
    if lines and lines[0].startswith("extra "):
        from_base64(lines.pop(0)[len("extra ") :], code=code)
    if not lines or not lines[0].startswith("index "):
        raise Refused(code, "no index")
    index = decimal(lines.pop(0)[len("index ") :], code, 10**19)
    if len(lines) > 63:
        raise Refused(code, "too long")
    return index, [from_base64(line, 32, code) for line in lines], note


def number_in_path(number):
    groups = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        groups.append(f"x{number % 1000:03d}")
    return "/".join(reversed(groups))


def read_tile(folder, level, number, width):
    """→ the bytes and the width that they have. `level` is a number or "entries". A partial tile may be gone where the full one is."""
    full = os.path.join(folder, "tile", str(level), number_in_path(number))
    for path, found in [(full, 256)] if width == 256 else [(f"{full}.p/{width}", width), (full, 256)]:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                return file.read(), found
    raise Refused("TILE_INVALID", f"no tile {level}/{number}, width {width}")


def tiles_of(size, level):
    """(number, width) of each tile of a level."""
    count = size >> (8 * level)
    yield from ((number, 256) for number in range(count // 256))
    if count % 256:
        yield count // 256, count % 256


def read_entries(folder, size):
    entries = []
    for number, width in tiles_of(size, 0):
        data, found = read_tile(folder, "entries", number, width)
        entries += parse_entries(data, found)[:width]
    return entries


def parse_entries(data, width):
    entries, at = [], 0
    for _ in range(width):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data):
        raise Refused("TILE_INVALID", "cut off, or more than its entries")
    return entries


def verify_tiles(folder, size, root):
    """Every tile of a tree of this size: leaves are the hashes of the entries, each level the roots of the tiles below."""
    entries = read_entries(folder, size)
    hashes = [leaf_hash(entry) for entry in entries]
    if root_of(hashes) != root:
        raise Refused("PROOF_INVALID", "the entries have another root")
    level, below = 0, hashes
    while below:
        for number, width in tiles_of(size, level):
            data, found = read_tile(folder, level, number, width)
            expected = b"".join(below[number * 256 : number * 256 + width])
            if len(data) != 32 * found or data[: 32 * width] != expected:
                raise Refused("TILE_INVALID", f"tile {level}/{number} holds other hashes")
        below = [root_of(below[at : at + 256]) for at in range(0, len(below) // 256 * 256, 256)]
        level += 1
    return entries
