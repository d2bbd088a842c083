import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  formatAddCheckpoint,
  formatNote,
  formatSignatureLines,
  formatVerifierKey,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  parseSignatureLines,
  parseVerifierKey,
  verifyNote,
} from '@writ/checkpoint';
import { codeOf, describeVectors } from './published.js';

interface GolangNote {
  readonly vkey: string;
  readonly valid_note: string;
  readonly malformed_notes_base64: readonly string[];
  readonly bad_vkeys: readonly string[];
}

describeVectors('golang-note', (folder) => {
  const vectors: GolangNote = JSON.parse(readFileSync(join(folder, 'note.json'), 'utf8'));
  const { vkey, valid_note: note } = vectors;

  test('the note verifies under its key and comes back as it is', () => {
    const key = parseVerifierKey(vkey);
    expect(formatVerifierKey(key)).toBe(vkey);
    expect(verifyNote(parseNote(note), [key])).toEqual([{ key }]);
    expect(formatNote(parseNote(note))).toBe(note);
  });

  test.each(vectors.malformed_notes_base64.map((encoded, at) => [at, encoded] as const))(
    'malformed note %i is refused',
    (_, encoded) => {
      expect(codeOf(() => parseNote(new Uint8Array(Buffer.from(encoded, 'base64'))))).toBe('NOTE_INVALID');
    },
  );

  test.each(vectors.bad_vkeys)('the key %s is refused', (bad) => {
    expect(codeOf(() => parseVerifierKey(bad))).toBe('VERIFIER_KEY_INVALID');
  });

  test('so is every proper substring of the key', () => {
    for (let begin = 0; begin < vkey.length; begin++) {
      for (let end = begin; end <= vkey.length; end++) {
        if (end - begin === vkey.length) continue;
        expect(codeOf(() => parseVerifierKey(vkey.slice(begin, end)))).toBe('VERIFIER_KEY_INVALID');
      }
    }
  });

  test('and the key with any one byte incremented', () => {
    for (let at = 0; at < vkey.length; at++) {
      const other = vkey.slice(0, at) + String.fromCharCode(vkey.charCodeAt(at) + 1) + vkey.slice(at + 1);
      expect(codeOf(() => parseVerifierKey(other))).toBe('VERIFIER_KEY_INVALID');
    }
  });
});

interface SpecExamples {
  readonly signed_note_examples: readonly { readonly vkey: string | null; readonly note: string }[];
  readonly checkpoint_examples: readonly string[];
  readonly cosigned_checkpoint_examples: readonly string[];
  readonly witness_add_checkpoint_request_example: string;
  readonly witness_add_checkpoint_response_example: string;
}

describeVectors('c2sp-spec-examples', (folder) => {
  const examples: SpecExamples = JSON.parse(readFileSync(join(folder, 'examples.json'), 'utf8'));
  const request = examples.witness_add_checkpoint_request_example;
  const checkpoints = [
    ...examples.checkpoint_examples,
    ...examples.cosigned_checkpoint_examples,
    request.slice(request.indexOf('\n\n') + 2),
  ];

  test('notes come back as they are', () => {
    for (const note of [...examples.signed_note_examples.map((example) => example.note), ...checkpoints]) {
      expect(formatNote(parseNote(note))).toBe(note);
    }
  });

  test('a note with a key verifies', () => {
    const keyed = examples.signed_note_examples.flatMap(({ vkey, note }) => (vkey === null ? [] : [{ vkey, note }]));
    expect(keyed).not.toHaveLength(0);
    for (const { vkey, note } of keyed) {
      const key = parseVerifierKey(vkey);
      expect(verifyNote(parseNote(note), [key])).toEqual([{ key }]);
    }
  });

  test('an empty line in the text does not end it', () => {
    const texts = examples.signed_note_examples.map(({ note }) => parseNote(note).text);
    expect(texts.some((text) => text.includes('\n\n'))).toBe(true);
  });

  test('checkpoints have the origin and the size that the pages show', () => {
    for (const note of checkpoints) {
      const { origin, sizeLeaves, rootHash, extensions } = parseCheckpoint(parseNote(note).text);
      expect({ origin, sizeLeaves, extensions }).toEqual({
        origin: 'example.com/behind-the-sofa',
        sizeLeaves: 20852163n,
        extensions: [],
      });
      expect(rootHash).toHaveLength(32);
    }
  });

  test('the request to a witness comes back as it is', () => {
    const { oldSizeLeaves, path, checkpoint } = parseAddCheckpoint(request);
    expect([oldSizeLeaves, checkpoint]).toEqual([20852014n, request.slice(request.indexOf('\n\n') + 2)]);
    expect(formatAddCheckpoint({ oldSizeLeaves, path, checkpoint })).toBe(request);
  });

  test('the answer of a witness is signature lines', () => {
    const lines = parseSignatureLines(examples.witness_add_checkpoint_response_example);
    expect(lines.map(({ name }) => name)).toEqual(['witness.example/w1', 'witness.example/w1', 'witness.example/w2']);
    expect(lines.map(({ signature }) => signature.length)).toEqual([72, 72, 72]);
    expect(formatSignatureLines(lines)).toBe(examples.witness_add_checkpoint_response_example);
  });
});
