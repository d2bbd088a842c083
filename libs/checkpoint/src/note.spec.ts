import { utf8 } from '@writ/encoding';
import {
  checkpointText,
  codeOf,
  cosignatureBy,
  cosigned,
  log,
  signatureOf,
  testKey,
  TIME,
  witnesses,
  witnessKey,
} from './notes.fixture.js';
import { cosignatureMessage, decodeCosignature, encodeCosignature } from './cosignature.js';
import { formatNote, formatSignatureLines, MAX_SIGNATURES, parseNote, parseSignatureLines } from './signed-note.js';
import { formatVerifierKey, isKeyName, parseVerifierKey, verifierKey } from './verifier-key.js';
import { verifyNote } from './verify-note.js';

const note = cosigned(2);
const [w1, w2] = witnesses as [typeof log, typeof log, typeof log];

describe('the form of a note', () => {
  test('comes back as it was, also from bytes', () => {
    expect(formatNote(parseNote(note))).toBe(note);
    expect(parseNote(utf8(note))).toEqual(parseNote(note));
  });

  test('16 signatures and more are read, and so are 64, but not one more', () => {
    const [line] = parseNote(note).signatures;
    const many = (count: number): unknown =>
      codeOf(() => formatNote({ text: 'text\n', signatures: Array.from({ length: count }, () => line!) }));
    for (const count of [1, 16, MAX_SIGNATURES]) expect(many(count)).toBeUndefined();
    for (const count of [0, MAX_SIGNATURES + 1]) expect(many(count)).toBe('NOTE_INVALID');
  });

  test.each([
    ['nothing', ''],
    ['no signature', 'text\n'],
    ['no signature after the empty line', 'text\n\n'],
    ['no newline at the end', note.slice(0, -1)],
    ['an empty line behind', `${note}\n`],
    ['a line that is no signature', `${note}more\n`],
    ['a carriage return', note.replace('\n', '\r\n')],
    ['a tab', note.replace('ledger', '\tledger')],
    ['a NUL', note.replace('ledger', '\0ledger')],
    ['a lone surrogate', note.replace('ledger', '\ud800ledger')],
    ['a hyphen for the dash', note.replace('\u2014', '-')],
    ['two spaces', note.replace('\u2014 ', '\u2014  ')],
    ['a space behind', note.replace(/\n$/, ' \n')],
    ['a name with a plus', note.replace('\u2014 ledger', '\u2014 led+ger')],
    ['a name with a wide space', note.replace('\u2014 ledger', '\u2014 led\u3000ger')],
    ['base64 without padding', note.replace(/=+\n$/, '\n')],
    ['url-safe base64', 'text\n\n\u2014 name AAAAA-__\n'],
    ['a key id without a signature', 'text\n\n\u2014 name AAAAAA==\n'],
    ['a text beyond the cap', `${'a'.repeat(1_000_000)}\n\n\u2014 name AAAAAAA=\n`],
  ])('%s is refused', (_, text) => {
    expect(codeOf(() => parseNote(text))).toBe('NOTE_INVALID');
  });

  test('bytes that are not UTF-8 are refused, and so is a byte order mark as a name', () => {
    expect(codeOf(() => parseNote(Uint8Array.of(0xff, ...utf8(note))))).toBe('NOTE_INVALID');
    expect(codeOf(() => parseNote(utf8(`\ufeff${note}`)))).toBeUndefined();
    expect(codeOf(() => verifyNote(parseNote(`\ufeff${note}`), [log.key]))).toBe('NOTE_SIGNATURE_INVALID');
  });

  test('nothing is written that could not be read', () => {
    const [line] = parseNote(note).signatures;
    const wrong = [
      { text: 'no newline', signatures: [line!] },
      { text: 'text\n', signatures: [{ ...line!, name: 'two words' }] },
      { text: 'text\n', signatures: [{ ...line!, signature: new Uint8Array(0) }] },
      { text: 'a\tb\n', signatures: [line!] },
    ];
    for (const one of wrong) expect(codeOf(() => formatNote(one))).toBe('NOTE_INVALID');
    expect(codeOf(() => formatSignatureLines([]))).toBe('NOTE_INVALID');
    expect(parseSignatureLines(formatSignatureLines([line!]))).toEqual([line]);
  });
});

describe('verifier keys', () => {
  test.each([log.key, w1.key])('%p comes back as it was', (key) => {
    expect(parseVerifierKey(formatVerifierKey(key))).toEqual(key);
  });

  test('names', () => {
    for (const name of ['a', 'ledger.example/loans', 'ü', 'a=b']) expect(isKeyName(name)).toBe(true);
    for (const name of ['', 'a b', 'a+b', 'a\u00a0b', 'a\u2003', 'a\u0085', 'a\nb', 'a\u0001', 7]) {
      expect(isKeyName(name)).toBe(false);
    }
  });

  test('the name and the type are part of the id', () => {
    const ids = [testKey('a', 1), testKey('b', 1), witnessKey('a', 1)].map(({ key }) => key.keyId);
    expect(new Set(ids).size).toBe(3);
  });

  test('assigned types that are not verified here are opaque; others are refused', () => {
    for (const type of [0x02, 0x05, 0x06, 0xff]) {
      const key = verifierKey('name', type, new Uint8Array(1312).fill(7));
      expect(key.algorithm).toBe('opaque');
      expect(parseVerifierKey(formatVerifierKey(key))).toEqual(key);
    }
    for (const type of [0x00, 0x03, 0x07, 0xfa, 0xfe]) {
      expect(codeOf(() => verifierKey('name', type, new Uint8Array(32).fill(7)))).toBe('VERIFIER_KEY_INVALID');
    }
  });

  test('Ed25519 keys that any signature or none would pass are refused', () => {
    const keys = [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31)), new Uint8Array(32).fill(0xff)];
    for (const key of [...keys, new Uint8Array(31), new Uint8Array(33)]) {
      expect(codeOf(() => verifierKey('name', 0x01, key))).toBe('VERIFIER_KEY_INVALID');
    }
  });

  test('every change of one character is refused, or names another key', () => {
    const vkey = formatVerifierKey(log.key);
    for (let at = 0; at < vkey.length; at++) {
      for (const character of ['A', '0', '+', '=', ' ', '\u2014', '']) {
        const changed = vkey.slice(0, at) + character + vkey.slice(at + 1);
        if (changed !== vkey) expect(codeOf(() => parseVerifierKey(changed))).toBe('VERIFIER_KEY_INVALID');
      }
    }
  });
});

describe('who signed', () => {
  test('every trusted key once, with the time of a cosignature; unknown keys are ignored', () => {
    expect(verifyNote(parseNote(note), [log.key])).toEqual([{ key: log.key }]);
    expect(verifyNote(parseNote(note), [w2.key, log.key, log.key])).toEqual([
      { key: log.key },
      { key: w2.key, timeSeconds: TIME },
    ]);
  });

  test('none: refused', () => {
    expect(codeOf(() => verifyNote(parseNote(note), [witnesses[2]!.key]))).toBe('NOTE_UNSIGNED');
    expect(codeOf(() => verifyNote(parseNote(note), []))).toBe('NOTE_UNSIGNED');
  });

  test('an opaque key signs nothing', () => {
    const key = verifierKey(log.key.name, 0xff, log.key.publicKey);
    const line = { ...signatureOf(log, checkpointText), keyId: key.keyId };
    const signed = { text: checkpointText, signatures: [line] };
    expect(codeOf(() => verifyNote(signed, [key]))).toBe('NOTE_UNSIGNED');
  });

  test('one bad line by a trusted key refuses the note, before or after a good one by the same key', () => {
    const good = signatureOf(log, checkpointText);
    const bad = signatureOf(log, 'another text\n');
    for (const signatures of [[good, bad], [bad, good], [bad]]) {
      expect(codeOf(() => verifyNote({ text: checkpointText, signatures }, [log.key]))).toBe('NOTE_SIGNATURE_INVALID');
    }
    const two = [good, cosignatureBy(w1, 'another text\n', TIME)];
    expect(codeOf(() => verifyNote({ text: checkpointText, signatures: two }, [log.key, w1.key]))).toBe(
      'NOTE_SIGNATURE_INVALID',
    );
    expect(verifyNote({ text: checkpointText, signatures: two }, [log.key])).toHaveLength(1);
  });

  test('of several cosignatures by one witness the latest counts, once', () => {
    const signatures = [TIME, TIME + 60, TIME + 30].map((time) => cosignatureBy(w1, checkpointText, time));
    expect(verifyNote({ text: checkpointText, signatures }, [w1.key])).toEqual([
      { key: w1.key, timeSeconds: TIME + 60 },
    ]);
  });

  test('a plain signature is no cosignature, and the other way round', () => {
    const plain = { ...signatureOf(log, checkpointText), name: w1.key.name, keyId: w1.key.keyId };
    const cosignature = { ...cosignatureBy(w1, checkpointText, TIME), name: log.key.name, keyId: log.key.keyId };
    const twin = witnessKey(log.key.name, 1);
    const retold = { ...cosignatureBy(twin, checkpointText, TIME), keyId: log.key.keyId };
    for (const line of [plain, cosignature, retold]) {
      const signed = { text: checkpointText, signatures: [line] };
      expect(codeOf(() => verifyNote(signed, [log.key, w1.key]))).toBe('NOTE_SIGNATURE_INVALID');
    }
  });

  test('two different keys under one name and id are refused', () => {
    const twin = { ...testKey(log.key.name, 2).key, keyId: log.key.keyId };
    expect(codeOf(() => verifyNote(parseNote(note), [log.key, twin]))).toBe('VERIFIER_KEY_INVALID');
  });

  test('a verifier that is plugged in runs behind our checks of shape', () => {
    const says = (verdict: boolean) => ({ verifyEd25519: () => verdict });
    const signatures = [{ ...signatureOf(log, checkpointText), signature: new Uint8Array(64) }];
    expect(codeOf(() => verifyNote(parseNote(note), [log.key], says(true)))).toBeUndefined();
    expect(codeOf(() => verifyNote(parseNote(note), [log.key], says(false)))).toBe('NOTE_SIGNATURE_INVALID');
    expect(codeOf(() => verifyNote({ text: checkpointText, signatures }, [log.key], says(true)))).toBe(
      'NOTE_SIGNATURE_INVALID',
    );
  });
});

describe('cosignatures', () => {
  test('the message begins with its own two lines', () => {
    expect(new TextDecoder().decode(cosignatureMessage(7, 'text\n'))).toBe('cosignature/v1\ntime 7\ntext\n');
  });

  test('bytes come back as they were', () => {
    const cosignature = { timeSeconds: TIME, signature64: new Uint8Array(64).fill(9) };
    expect(decodeCosignature(encodeCosignature(cosignature))).toEqual(cosignature);
  });

  test('other lengths and times are refused', () => {
    const blob = (time: bigint, length = 72): Uint8Array => {
      const bytes = new Uint8Array(length);
      new DataView(bytes.buffer).setBigUint64(0, time);
      return bytes;
    };
    for (const bytes of [blob(0n), blob(2n ** 53n), blob(2n ** 64n - 1n), blob(1n, 71), blob(1n, 73)]) {
      expect(decodeCosignature(bytes)).toBeUndefined();
    }
    for (const time of [0, -1, 0.5, Number.NaN, 2 ** 53]) {
      expect(codeOf(() => cosignatureMessage(time, 'text\n'))).toBe('REQUEST_INVALID');
    }
    expect(codeOf(() => encodeCosignature({ timeSeconds: 1, signature64: new Uint8Array(63) }))).toBe(
      'REQUEST_INVALID',
    );
  });
});
