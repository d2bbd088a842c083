import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, parseInstant, toHex } from '@writ/encoding';
import { encodeBundle, parseBundle, verifyAttestation } from '@writ/evidence';
import {
  evolveAll,
  evolveLineage,
  isExecutionEvent,
  isLineageEvent,
  momentOf,
  NO_EXECUTION,
  NO_LINEAGE,
  openEvent,
  viewOf,
  type ExecutionEvent,
  type OpenedEvent,
} from '@writ/ledger';
import { rootOf } from '@writ/merkle';

import { filesBelow } from '../vectors/published.js';
import { firstSigner, leavesOf, ORIGIN, secondSigner } from './frozen-log.js';
import { frozenFiles, history, storedEvents, V1, writeFrozenFiles } from './frozen-files.js';

/** What a format once wrote must be read, hashed and verified alike for ever. `WRIT_WRITE_GOLDEN=1` adds what is new. */
const writes = process.env['WRIT_WRITE_GOLDEN'] === '1';
const read = (path: string): Uint8Array => new Uint8Array(readFileSync(join(V1, path)));

beforeAll(async () => {
  if (writes) await writeFrozenFiles();
});

describe('the frozen files', () => {
  test('are what is made of the frozen history, byte for byte', async () => {
    const made = await frozenFiles();
    const kept = filesBelow(V1).filter((path) => path !== 'history.jsonl' && path !== 'cases.json');
    expect(kept).toEqual([...made.keys()].sort());
    const differ = [...made].filter(([path, bytes]) => !equalBytes(read(path), bytes));
    expect(differ.map(([path]) => path)).toEqual([]);
  });

  test('hold bundles that come back as they were', () => {
    for (const path of filesBelow(join(V1, 'bundles'))) {
      const bytes = read(`bundles/${path}`);
      expect(equalBytes(encodeBundle(parseBundle(bytes)), bytes)).toBe(true);
    }
  });
});

describe.each(['history.jsonl', 'rotated.jsonl'])('the frozen %s', (path) => {
  const salts = new Map<string, Uint8Array | undefined>();
  const opened: [string, OpenedEvent][] = storedEvents(path).map((stored) => {
    const event = openEvent(stored, salts.get(stored.stream));
    salts.set(stored.stream, event.streamSalt);
    return [stored.stream, event];
  });

  test('is attested, each event by a key of its ledger', () => {
    for (const [, { attestation }] of opened) {
      expect(() => verifyAttestation(attestation, { origin: ORIGIN, keys: [firstSigner, secondSigner] })).not.toThrow();
    }
  });

  test('comes to what it came to', () => {
    const executions = new Map<string, ExecutionEvent[]>();
    for (const [stream, { event }] of opened) {
      if (isExecutionEvent(event)) executions.set(stream, [...(executions.get(stream) ?? []), event]);
    }
    const wallMs = parseInstant('2026-01-15T12:10:00.000Z');
    const states = [...executions].map(([stream, events]) => {
      const state = evolveAll(NO_EXECUTION, events);
      if (state.status === 'none') throw new Error('an execution has events');
      return [stream.replace('execution-acme.', ''), viewOf(state, momentOf(state, wallMs, 2_000)).state];
    });
    expect(Object.fromEntries(states)).toEqual(
      path === 'rotated.jsonl'
        ? { 'loan-1': 'committed', 'loan-5': 'reserved', 'loan-6': 'reserved', 'loan-7': 'reserved' }
        : {
            'loan-1': 'committed',
            'loan-2': 'committed',
            'loan-3': 'escalated',
            'loan-4': 'committed',
            'loan-5': 'reserved',
            'loan-6': 'reserved',
            'loan-7': 'reserved',
            'loan-8': 'denied',
            'loan-9': 'reserved',
          },
    );
  });
});

test('the frozen lineage.jsonl comes to the tree of the history', () => {
  const events = storedEvents('lineage.jsonl').map((stored) => openEvent(stored));
  const state = events.reduce((before, { event }) => {
    if (!isLineageEvent(event)) throw new Error('a lineage holds nothing else');
    return evolveLineage(before, event);
  }, NO_LINEAGE);
  const leaves = leavesOf(history());
  expect(state.sizeLeaves).toBe(BigInt(leaves.length));
  expect(toHex(state.root)).toBe(toHex(rootOf(leaves)));
  expect(state.checkpoint).toMatchObject({ sizeLeaves: state.sizeLeaves, cosignedBy: 1 });
  expect(state.recoveries).toEqual([4n]);
});
