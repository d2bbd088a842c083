import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { toBase64, utf8 } from '@writ/encoding';
import { emptyRoot, leafHash, verifyInclusion } from '@writ/merkle';
import { formatCheckpoint, parseCheckpoint } from './checkpoint-text.js';
import {
  checkpointText,
  codeOf,
  cosignatureBy,
  cosigned,
  log,
  ORIGIN,
  signatureOf,
  testKey,
  TIME,
  witnesses,
  witnessKey,
} from './notes.fixture.js';
import type { VerifyEd25519 } from './ed25519.js';
import { meetsQuorum } from './quorum.js';
import { formatNote, parseNote } from './signed-note.js';
import { formatTlogProof, parseTlogProof } from './tlog-proof.js';
import { formatTrustPolicy, parseTrustPolicy, type TrustPolicy } from './trust-policy.js';
import { formatVerifierKey } from './verifier-key.js';
import { verifyCheckpoint } from './verify-checkpoint.js';

const root = toBase64(leafHash(utf8('entry 0')));
const vkeys = witnesses.map(({ key }) => formatVerifierKey(key));
const logLine = `log ${formatVerifierKey(log.key)}`;
const witnessLines = vkeys.map((vkey, at) => `witness w${String(at + 1)} ${vkey}`);
const policyOf = (...lines: string[]): TrustPolicy =>
  parseTrustPolicy(`${[logLine, ...witnessLines, ...lines].join('\n')}\n`);
const none = policyOf('quorum none');
const twoOfThree = policyOf('group all3 2 w1 w2 w3', 'quorum all3');

describe('the text of a checkpoint', () => {
  test('comes back as it was', () => {
    for (const text of [checkpointText, `o\n0\n${toBase64(emptyRoot())}\n`, `o\n18446744073709551615\n${root}\n`]) {
      expect(formatCheckpoint(parseCheckpoint(text))).toBe(text);
    }
  });

  test.each([
    ['nothing', ''],
    ['no newline at the end', checkpointText.slice(0, -1)],
    ['no root', `${ORIGIN}\n1\n`],
    ['no origin', `\n1\n${root}\n`],
    ['an empty line', `${ORIGIN}\n\n${root}\n`],
    ['an empty line behind', `${checkpointText}\n`],
    ['a size with a zero in front', `${ORIGIN}\n01\n${root}\n`],
    ['a size with a sign', `${ORIGIN}\n+1\n${root}\n`],
    ['a size of 2^64', `${ORIGIN}\n18446744073709551616\n${root}\n`],
    ['a size in hex', `${ORIGIN}\n0x1\n${root}\n`],
    ['a root of 31 bytes', `${ORIGIN}\n1\n${toBase64(new Uint8Array(31))}\n`],
    [
      'a root with loose bits',
      `${ORIGIN}\n1\n${root.replace(/.=$/, (end) => `${end === 'A=' ? 'B' : 'A'}=`).replace(/A=$/, 'B=')}\n`,
    ],
  ])('%s is refused', (_, text) => {
    expect(codeOf(() => parseCheckpoint(text))).toBe('CHECKPOINT_INVALID');
  });

  test('extension lines are refused unless they are asked for', () => {
    const extended = `${checkpointText}more\n`;
    expect(codeOf(() => parseCheckpoint(extended))).toBe('CHECKPOINT_EXTENDED');
    const checkpoint = parseCheckpoint(extended, { allowExtensions: true });
    expect(checkpoint.extensions).toEqual(['more']);
    expect(formatCheckpoint(checkpoint)).toBe(extended);
    for (const options of [{}, { allowExtensions: true }]) {
      expect(codeOf(() => parseCheckpoint(`${extended}\nmore\n`, options))).toBe('CHECKPOINT_INVALID');
    }
  });

  test('nothing is written that could not be read', () => {
    const good = parseCheckpoint(checkpointText);
    for (const bad of [
      { origin: '' },
      { origin: 'a\n2' },
      { sizeLeaves: -1n },
      { rootHash: new Uint8Array(31) },
      { extensions: ['a\nb'] },
    ]) {
      expect(codeOf(() => formatCheckpoint({ ...good, ...bad }))).toBe('CHECKPOINT_INVALID');
    }
  });
});

describe('a trust policy', () => {
  test('keeps its meaning when it is written and read again', () => {
    const nested = policyOf('group some any w1 w2', 'group both all some w3', 'quorum both');
    for (const policy of [none, twoOfThree, nested, policyOf('quorum w2')]) {
      expect(parseTrustPolicy(formatTrustPolicy(policy))).toEqual(policy);
    }
  });

  test('comments, empty lines, tabs and URLs', () => {
    const text = `# who\n\n\t${logLine} \thttps://ledger.example/\n  # and\n${witnessLines[0]!} https://w1.example\nquorum\tw1\n`;
    const policy = parseTrustPolicy(text);
    expect(policy.logs[0]?.url).toBe('https://ledger.example/');
    expect(policy.witnesses[0]?.url).toBe('https://w1.example');
  });

  test('32 logs, witnesses and groups', () => {
    const lines = Array.from({ length: 32 }, (_, at) => [
      `log ${formatVerifierKey(testKey(`log${String(at)}`, 100 + at).key)}`,
      `witness n${String(at)} ${formatVerifierKey(witnessKey(`w${String(at)}`, 150 + at).key)}`,
      `group g${String(at)} any n${String(at)}${at === 0 ? '' : ` g${String(at - 1)}`}`,
    ]).flat();
    const policy = parseTrustPolicy(`${lines.join('\n')}\nquorum g31\n`);
    expect([policy.logs.length, policy.witnesses.length]).toEqual([32, 32]);
    expect(meetsQuorum(policy.quorum, new Set(['n0']))).toBe(true);
    expect(meetsQuorum(policy.quorum, new Set())).toBe(false);
  });

  const otherName = `witness again ${formatVerifierKey(witnessKey('other.example', 11).key)}`;
  test.each([
    ['no quorum', []],
    ['two quorums', ['quorum none', 'quorum none']],
    ['a quorum of nobody', ['quorum nobody']],
    ['a quorum with more words', ['quorum w1 w2']],
    ['an unknown word', ['trust w1', 'quorum none']],
    ['a group of none', ['group g any', 'quorum g']],
    ['a group with none in it', ['group g any none', 'quorum g']],
    ['a group named none', ['group none any w1', 'quorum none']],
    ['a threshold of 0', ['group g 0 w1', 'quorum g']],
    ['a threshold above the members', ['group g 3 w1 w2', 'quorum g']],
    ['a threshold with a zero in front', ['group g 01 w1', 'quorum g']],
    ['a member twice', ['group g 2 w1 w1', 'quorum g']],
    ['a member of two groups', ['group g any w1', 'group h all w1 w2', 'quorum h']],
    ['a group in itself', ['group g any g', 'quorum g']],
    ['a name twice', ['group w1 any w2', 'quorum w1']],
    ['a log twice', [logLine, 'quorum none']],
    ['one key under two names of witnesses', [otherName, 'quorum none']],
    ['a log as its own witness', [`witness me ${formatVerifierKey(witnessKey(ORIGIN, 1).key)}`, 'quorum none']],
    ['a witness key as a log', [`log ${formatVerifierKey(witnessKey('l', 50).key)}`, 'quorum none']],
    ['a log key as a witness', [`witness w ${formatVerifierKey(testKey('l', 50).key)}`, 'quorum none']],
    ['a key that is none', ['witness w abc', 'quorum none']],
    ['a carriage return', ['quorum none\r']],
  ])('%s is refused', (_, lines) => {
    expect(codeOf(() => policyOf(...lines))).toBe('TRUST_POLICY_INVALID');
  });

  test('a file that was cut off is refused', () => {
    const text = formatTrustPolicy(twoOfThree);
    for (let length = 0; length < text.length; length++) {
      expect(codeOf(() => parseTrustPolicy(text.slice(0, length)))).toBe('TRUST_POLICY_INVALID');
    }
  });
});

describe('a quorum', () => {
  const { quorum } = policyOf('group some 2 w1 w2', 'group both all some w3', 'quorum both');
  test.each([
    [[], false],
    [['w1', 'w2'], false],
    [['w1', 'w3'], false],
    [['w1', 'w2', 'w3'], true],
    [['w1', 'w2', 'both'], false],
  ])('of %p: %p', (names, met) => {
    expect(meetsQuorum(quorum, new Set(names))).toBe(met);
  });
});

describe('verifyCheckpoint', () => {
  test('says which log, which witnesses, and when', () => {
    const verified = verifyCheckpoint(cosigned(2), twoOfThree, { origin: ORIGIN });
    expect(verified.checkpoint).toEqual(parseCheckpoint(checkpointText));
    expect(verified.noteText).toBe(checkpointText);
    expect(verified.log).toBe(twoOfThree.logs[0]);
    expect(verified.cosignatures.map(({ witness, timeSeconds }) => [witness.name, timeSeconds])).toEqual([
      ['w1', TIME],
      ['w2', TIME],
    ]);
  });

  test('too few witnesses, or one of them many times: no quorum', () => {
    expect(codeOf(() => verifyCheckpoint(cosigned(1), twoOfThree))).toBe('CHECKPOINT_QUORUM');
    const again = [TIME, TIME + 1, TIME + 2].map((time) => cosignatureBy(witnesses[0]!, checkpointText, time));
    const signatures = [signatureOf(log, checkpointText), ...again];
    expect(codeOf(() => verifyCheckpoint(formatNote({ text: checkpointText, signatures }), twoOfThree))).toBe(
      'CHECKPOINT_QUORUM',
    );
  });

  test('witnesses alone do not speak for the log', () => {
    const signatures = parseNote(cosigned(3)).signatures.slice(1);
    expect(codeOf(() => verifyCheckpoint(formatNote({ text: checkpointText, signatures }), none))).toBe(
      'NOTE_UNSIGNED',
    );
  });

  test('another origin is refused, also where a trusted log signs it', () => {
    const foreign = checkpointText.replace(ORIGIN, 'ledger.example/cards');
    expect(codeOf(() => verifyCheckpoint(cosigned(2, foreign), none))).toBe('CHECKPOINT_ORIGIN');
    const cards = testKey('ledger.example/cards', 2);
    const both = parseTrustPolicy(`${logLine}\nlog ${formatVerifierKey(cards.key)}\nquorum none\n`);
    expect(codeOf(() => verifyCheckpoint(cosigned(0, foreign), both))).toBe('NOTE_UNSIGNED');
    expect(codeOf(() => verifyCheckpoint(cosigned(0), both, { origin: 'ledger.example/cards' }))).toBe(
      'CHECKPOINT_ORIGIN',
    );
    expect(codeOf(() => verifyCheckpoint(cosigned(0), both))).toBeUndefined();
  });

  test('extension lines and a size of 0 with leaves are refused, though they are signed', () => {
    expect(codeOf(() => verifyCheckpoint(cosigned(2, `${checkpointText}more\n`), none))).toBe('CHECKPOINT_EXTENDED');
    expect(codeOf(() => verifyCheckpoint(cosigned(2, `${ORIGIN}\n0\n${root}\n`), none))).toBe('CHECKPOINT_INVALID');
    const empty = `${ORIGIN}\n0\n${toBase64(emptyRoot())}\n`;
    expect(verifyCheckpoint(cosigned(2, empty), none).checkpoint.sizeLeaves).toBe(0n);
  });

  test('one that is older than asked for is refused, and one that tells no time', () => {
    const stale = (note: string, policy: TrustPolicy, notBeforeSeconds: number): unknown =>
      codeOf(() => verifyCheckpoint(note, policy, { notBeforeSeconds }));
    expect(stale(cosigned(2), twoOfThree, TIME)).toBeUndefined();
    expect(stale(cosigned(2), twoOfThree, TIME + 1)).toBe('CHECKPOINT_STALE');
    expect(stale(cosigned(0), none, 1)).toBe('CHECKPOINT_STALE');
    // Young cosignatures make the quorum, not some young and some old.
    const mixed = [
      cosignatureBy(witnesses[0]!, checkpointText, TIME),
      cosignatureBy(witnesses[1]!, checkpointText, TIME + 60),
    ];
    const signatures = [signatureOf(log, checkpointText), ...mixed];
    expect(stale(formatNote({ text: checkpointText, signatures }), twoOfThree, TIME + 1)).toBe('CHECKPOINT_STALE');
    expect(stale(cosigned(1), twoOfThree, TIME + 1)).toBe('CHECKPOINT_QUORUM');
  });

  test('every changed byte is refused or leaves what is claimed', () => {
    // Fast, and the same rule: OpenSSL behind our checks.
    const opened = new Map<Uint8Array, KeyObject>();
    const open = (publicKey: Uint8Array): KeyObject => {
      const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
      const key = opened.get(publicKey) ?? createPublicKey({ key: spki, format: 'der', type: 'spki' });
      opened.set(publicKey, key);
      return key;
    };
    const verifyEd25519: VerifyEd25519 = (message, signature, publicKey) =>
      verify(null, message, open(publicKey), signature);
    const claims = (bytes: Uint8Array): unknown => {
      const { checkpoint, log: by, cosignatures } = verifyCheckpoint(bytes, twoOfThree, { verifyEd25519 });
      return { checkpoint, by, cosignatures };
    };
    const bytes = utf8(cosigned(2));
    const original = claims(bytes);
    // `WRIT_LONG_PROPERTIES=1` puts all other 255 values in the place of each byte, else each bit is flipped.
    const all = process.env['WRIT_LONG_PROPERTIES'] === '1';
    const changes = Array.from({ length: all ? 255 : 8 }, (_, at) => (all ? at + 1 : 1 << at));
    const codes = new Set<unknown>();
    for (let at = 0; at < bytes.length; at++) {
      for (const change of changes) {
        const changed = bytes.slice();
        changed[at]! ^= change;
        codes.add(codeOf(() => expect(claims(changed)).toEqual(original)));
      }
    }
    // Under this policy nothing passes: all three signatures are needed.
    for (const code of codes) {
      expect(code).toMatch(/^(NOTE_(INVALID|UNSIGNED|SIGNATURE_INVALID)|CHECKPOINT_(INVALID|EXTENDED|ORIGIN|QUORUM))$/);
    }
    expect(codes.size).toBeGreaterThan(4);
  }, 300_000);
});

describe('tlog-proof@v1', () => {
  const checkpoint = cosigned(1);
  const proof = { index: 0n, path: [], checkpoint };
  const text = formatTlogProof(proof);

  test('comes back as it was, with and without extra data', () => {
    const path = [leafHash(utf8('a')), leafHash(utf8('b'))];
    for (const one of [proof, { ...proof, path, index: 2n }, { ...proof, path, extra: utf8('not signed') }]) {
      expect(parseTlogProof(formatTlogProof(one))).toEqual(one);
      expect(formatTlogProof(parseTlogProof(formatTlogProof(one)))).toBe(formatTlogProof(one));
    }
  });

  test('leads from the entry to the signed root', () => {
    const { index, path, checkpoint: note } = parseTlogProof(text);
    const { sizeLeaves, rootHash } = verifyCheckpoint(note, none).checkpoint;
    verifyInclusion({ leafHash: leafHash(utf8('entry 0')), index, sizeLeaves, path }, rootHash);
    expect(
      codeOf(() => verifyInclusion({ leafHash: leafHash(utf8('entry 1')), index, sizeLeaves, path }, rootHash)),
    ).toBe('PROOF_INVALID');
  });

  const hash = toBase64(new Uint8Array(32));
  test.each([
    ['nothing', ''],
    ['another version', text.replace('@v1', '@v2')],
    ['no index', text.replace('index 0\n', '')],
    ['an index with a zero in front', text.replace('index 0', 'index 00')],
    ['an index with a sign', text.replace('index 0', 'index -1')],
    ['extra data after the index', text.replace('index 0\n', 'index 0\nextra AAAA\n')],
    ['extra data twice', text.replace('index 0\n', 'extra AAAA\nextra AAAA\nindex 0\n')],
    ['extra data that is no base64', text.replace('index 0\n', 'extra A\nindex 0\n')],
    ['a hash of 31 bytes', text.replace('index 0\n', `index 0\n${toBase64(new Uint8Array(31))}\n`)],
    ['64 hashes', text.replace('index 0\n', `index 0\n${`${hash}\n`.repeat(64)}`)],
    ['a carriage return', text.replace('index 0\n', 'index 0\r\n')],
    ['an unsigned checkpoint', text.slice(0, text.indexOf('\n\n') + 2) + checkpointText],
    ['something behind', `${text}more`],
  ])('%s is refused', (_, bad) => {
    expect(codeOf(() => parseTlogProof(bad))).toBe('PROOF_INVALID');
  });

  test('63 hashes are read', () => {
    expect(parseTlogProof(text.replace('index 0\n', `index 0\n${`${hash}\n`.repeat(63)}`)).path).toHaveLength(63);
  });
});
