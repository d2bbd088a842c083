import { parseEventId, parseExecutionId, parseTenant, utf8 } from '@writ/encoding';
import { formatVerifierKey, parseTlogProof, parseTrustPolicy, verifyCheckpoint } from '@writ/checkpoint';
import { IntegrityError } from '@writ/errors';
import { parseBundle, streamHeadMessage, verifySignature, type Bundle } from '@writ/evidence';
import {
  decodeEntryBundle,
  leafHash,
  parseTilePath,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type Hash,
} from '@writ/merkle';
import {
  auditor,
  caller,
  codeOf,
  loan,
  loanPolicy,
  named,
  openLoanLedger,
  operator,
  ORIGIN,
  principal,
  putInForce,
  type TestLedger,
} from './ledger.fixture.js';
import type { CallContext } from './operations.js';

let ledger: TestLedger;
beforeEach(async () => (ledger = await openLoanLedger()));
afterEach(() => ledger.close());

const stranger: CallContext = { principal: principal('caller', 'service-b', ['other']) };
const withoutAction: CallContext = { principal: principal('caller', 'service-c', ['acme'], ['mail.send']) };
const localAuditor: CallContext = { principal: principal('auditor', 'al', ['acme']) };

const run = (executionId: string) => ledger.operations.evaluate(caller, loan(executionId));

describe('standings', () => {
  it('are recorded when an answer leaves, and what they have become when it is read', async () => {
    const { receipt } = await run('a-1');
    expect(receipt.events.map(({ standing }) => standing)).toEqual(['recorded', 'recorded']);
    const read = async () => (await ledger.operations.getExecution(caller, named('a-1'))).events;
    expect((await read()).map(({ standing, index }) => [standing, index])).toEqual([
      ['recorded', undefined],
      ['recorded', undefined],
    ]);
    await ledger.lineage.sequence();
    // The key and the policy came first.
    expect((await read()).map(({ standing, index }) => [standing, index])).toEqual([
      ['sequenced', 3n],
      ['sequenced', 4n],
    ]);
    await ledger.lineage.anchor(2);
    expect((await read())[1]).toMatchObject({
      standing: 'anchored',
      index: 4n,
      checkpointSizeLeaves: 5n,
      cosignedBy: 2,
    });
  });

  it('are waited for, until they are reached or the time is over', async () => {
    await run('a-1');
    const wait = (timeoutMs: number, signal?: AbortSignal) =>
      ledger.operations.awaitStanding(caller, { ...named('a-1'), wanted: 'anchored', timeoutMs }, signal);
    expect(await wait(20)).toMatchObject({ reached: false, events: [{ standing: 'recorded' }, {}] });
    const waiting = wait(30_000);
    await ledger.lineage.sequence();
    await ledger.lineage.anchor();
    expect(await waiting).toMatchObject({ reached: true, events: [{ type: 'DecisionAdmitted', index: 3n }, {}] });
    await run('a-2');
    const name = { ...named('a-2'), wanted: 'sequenced' as const };
    const inTime = { ...caller, deadlineMs: ledger.nowMs + 100 };
    expect((await ledger.operations.awaitStanding(inTime, { ...name, timeoutMs: 60_000 })).reached).toBe(false);
    for (const timeoutMs of [-1, 60_001, 1.5]) expect(await codeOf(wait(timeoutMs))).toBe('REQUEST_INVALID');
    const elsewhere = ledger.operations.awaitStanding(stranger, { ...name, timeoutMs: 0 });
    expect(await codeOf(elsewhere)).toBe('EXECUTION_NOT_FOUND');
  });
});

describe('checkpoints', () => {
  it('are the latest or a named one, signed', async () => {
    expect(await codeOf(ledger.operations.getCheckpoint(caller, {}))).toBe('CHECKPOINT_UNKNOWN');
    const first = await ledger.lineage.anchor();
    await run('a-1');
    const second = await ledger.lineage.anchor();
    expect(await ledger.operations.getCheckpoint(caller, {})).toEqual(second);
    const { sizeLeaves } = first;
    expect(await ledger.operations.getCheckpoint(auditor, { sizeLeaves })).toEqual(first);
    const trust = parseTrustPolicy(`log ${formatVerifierKey(ledger.lineage.logKey)}\nquorum none\n`);
    expect(verifyCheckpoint(second.note, trust).checkpoint).toMatchObject({ sizeLeaves: second.sizeLeaves });
    expect(await codeOf(ledger.operations.getCheckpoint(caller, { sizeLeaves: 1n }))).toBe('CHECKPOINT_UNKNOWN');
  });

  it('are consistent, from every size on', async () => {
    const roots = new Map<bigint, Hash>();
    for (let at = 0; at < 6; at += 1) {
      await run(`a-${at}`);
      const { sizeLeaves, root } = await ledger.lineage.anchor();
      roots.set(sizeLeaves, root);
    }
    for (const [oldSizeLeaves, oldRootHash] of roots) {
      for (const [newSizeLeaves, newRootHash] of roots) {
        if (newSizeLeaves < oldSizeLeaves) continue;
        const { path, checkpoint } = await ledger.operations.proveConsistency(caller, { oldSizeLeaves, newSizeLeaves });
        expect(checkpoint.root).toEqual(newRootHash);
        expect(() => verifyConsistency({ oldSizeLeaves, oldRootHash, newSizeLeaves, newRootHash, path })).not.toThrow();
      }
    }
    for (const oldSizeLeaves of [0n, 1_000n]) {
      expect(await codeOf(ledger.operations.proveConsistency(caller, { oldSizeLeaves }))).toBe('REQUEST_INVALID');
    }
  });
});

describe('proofs of inclusion', () => {
  it('name the event by index, by id or by execution, at the latest or a named checkpoint', async () => {
    const { receipt } = await run('a-1');
    const old = await ledger.lineage.anchor();
    await run('a-2');
    await ledger.lineage.anchor();
    const [decision, reservation] = receipt.events;
    const targets = [
      [{ kind: 'index', index: 3n }, decision],
      [{ kind: 'event', eventId: parseEventId(reservation!.eventId) }, reservation],
      [{ kind: 'execution', ...named('a-1') }, reservation],
      [{ kind: 'execution', ...named('a-1'), revision: 0n }, decision],
    ] as const;
    for (const [target, event] of targets) {
      for (const size of [{}, { checkpointSizeLeaves: old.sizeLeaves }]) {
        const proof = await ledger.operations.proveInclusion(caller, { target, ...size });
        expect(proof.entry).toBe(event!.attestation.entry);
        expect(proof.eventId).toBe(event!.eventId);
        const { index, path, checkpoint } = proof;
        const leaf = leafHash(utf8(proof.entry));
        const { sizeLeaves, root } = checkpoint;
        expect(() => verifyInclusion({ leafHash: leaf, index, sizeLeaves, path }, root)).not.toThrow();
        const text = await ledger.operations.getTlogProof(caller, { target, ...size });
        expect(parseTlogProof(text)).toEqual({ index, path, checkpoint: checkpoint.note, extra: utf8(proof.entry) });
      }
    }
  });

  it('are not there before the checkpoint, nor for what does not exist', async () => {
    const old = await ledger.lineage.anchor();
    const { receipt } = await run('a-1');
    const prove = (target: Parameters<typeof ledger.operations.proveInclusion>[1]['target']) =>
      codeOf(ledger.operations.proveInclusion(caller, { target, checkpointSizeLeaves: old.sizeLeaves }));
    const eventId = parseEventId(receipt.events[0]!.eventId);
    expect(await prove({ kind: 'event', eventId })).toBe('NOT_SEQUENCED_YET');
    await ledger.lineage.anchor();
    expect(await prove({ kind: 'event', eventId })).toBe('NOT_SEQUENCED_YET');
    expect(await prove({ kind: 'execution', ...named('a-1') })).toBe('NOT_SEQUENCED_YET');
    expect(await prove({ kind: 'execution', ...named('a-1'), revision: 2n })).toBe('ENTRY_NOT_FOUND');
    expect(await prove({ kind: 'execution', ...named('nobody') })).toBe('EXECUTION_NOT_FOUND');
    expect(await prove({ kind: 'index', index: 3n })).toBe('ENTRY_NOT_FOUND');
    expect(await prove({ kind: 'index', index: 2n ** 63n })).toBe('ENTRY_NOT_FOUND');
  });

  it('tell others nothing: what is out of reach is as what is not there', async () => {
    const { receipt } = await run('a-1');
    await ledger.lineage.anchor();
    const eventId = parseEventId(receipt.events[0]!.eventId);
    const asked = async (
      context: CallContext,
      target: Parameters<typeof ledger.operations.proveInclusion>[1]['target'],
    ) => codeOf(ledger.operations.proveInclusion(context, { target }));
    for (const context of [stranger, withoutAction]) {
      expect(await asked(context, { kind: 'index', index: 3n })).toBe('ENTRY_NOT_FOUND');
      expect(await asked(context, { kind: 'event', eventId })).toBe('NOT_SEQUENCED_YET');
      expect(await asked(context, { kind: 'execution', ...named('a-1') })).toBe('EXECUTION_NOT_FOUND');
    }
    // The keys are no tenant's.
    expect(await asked(caller, { kind: 'index', index: 0n })).toBe('ENTRY_NOT_FOUND');
    expect(await asked(auditor, { kind: 'index', index: 0n })).toBeUndefined();
    expect(await asked(localAuditor, { kind: 'index', index: 3n })).toBeUndefined();
  });

  it('are not given where a tile is wrong', async () => {
    await run('a-1');
    await ledger.lineage.anchor();
    ledger.lineage.inclusion = async () => [new Uint8Array(32), new Uint8Array(32), new Uint8Array(32)] as Hash[];
    const target = { kind: 'index', index: 3n } as const;
    expect(await codeOf(ledger.operations.proveInclusion(caller, { target }))).toBe('TILE_INVALID');
    expect(await codeOf(ledger.operations.getEvidence(caller, named('a-1')))).toBe('TILE_INVALID');
  });
});

describe('evidence', () => {
  const evidence = async (request: Partial<Parameters<typeof ledger.operations.getEvidence>[1]> = {}) =>
    parseBundle(await ledger.operations.getEvidence(caller, { ...named('a-1'), ...request }));

  it('holds the execution, its policy and the keys, each event with its proof, each stream with its head', async () => {
    await run('a-1');
    await putInForce(
      ledger,
      loanPolicy((text) => text.replace('version: 1.0.3', 'version: 1.0.4')),
    );
    const checkpoint = await ledger.lineage.anchor();
    const bundle = await evidence();
    expect(bundle).toMatchObject({ origin: ORIGIN, tenant: 'acme', executionId: 'a-1', checkpoint: checkpoint.note });
    expect(typesOf(bundle)).toEqual({
      execution: ['DecisionAdmitted', 'ReservationPlaced'],
      policy: ['PolicyPublished', 'PolicyActivated', 'PolicyPublished', 'PolicyActivated'],
      keys: ['KeyAdded'],
    });
    for (const { head, events } of Object.values(bundle.streams)) {
      expect(head).toMatchObject({ lastRevision: BigInt(events.length - 1), treeSize: checkpoint.sizeLeaves });
      const message = streamHeadMessage(ORIGIN, head);
      const signature = Uint8Array.from(Buffer.from(head.signature, 'base64'));
      expect(verifySignature(message, signature, ledger.attestor.publicKey)).toBe(true);
      for (const { attestation, index, path } of events) {
        const leaf = leafHash(utf8(attestation.entry));
        const { sizeLeaves, root } = checkpoint;
        expect(() => verifyInclusion({ leafHash: leaf, index, sizeLeaves, path }, root)).not.toThrow();
      }
    }
    // A version that decided nothing here stays home.
    const [first, , second] = bundle.streams.policy.events;
    expect([first?.data !== undefined, second?.data !== undefined]).toEqual([true, false]);
  });

  it('ends where its checkpoint does', async () => {
    await run('a-1');
    const old = await ledger.lineage.anchor();
    const lease = { ...named('a-1'), attempt: 1, holder: new Uint8Array(16).fill(1), reason: 'not now' };
    await ledger.operations.release(caller, lease);
    await putInForce(
      ledger,
      loanPolicy((text) => text.replace('version: 1.0.3', 'version: 1.0.4')),
    );
    await ledger.lineage.anchor();
    const then = await evidence({ checkpointSizeLeaves: old.sizeLeaves });
    expect(typesOf(then)).toMatchObject({
      execution: ['DecisionAdmitted', 'ReservationPlaced'],
      policy: ['PolicyPublished', 'PolicyActivated'],
    });
    expect(then.streams.policy.head.lastRevision).toBe(1n);
    expect(typesOf(await evidence())['execution']!.at(-1)).toBe('ReservationReleased');
  });

  it('withholds by name, or everything', async () => {
    await run('a-1');
    await ledger.lineage.anchor();
    const names = async (withhold: readonly string[] | 'all') =>
      Object.keys((await evidence({ withhold })).streams.execution.events[0]?.openings ?? {}).sort();
    const all = await names([]);
    expect(all).toContain('signal:credit_score');
    expect(await names(['signal:credit_score', 'subject'])).toEqual(
      all.filter((name) => name !== 'signal:credit_score' && name !== 'subject'),
    );
    expect(await names('all')).toEqual([]);
    // A misspelt name would show what was to be hidden.
    expect(await codeOf(evidence({ withhold: ['credit_score'] }))).toBe('REQUEST_INVALID');
  });

  it('is not there too early, and not for others', async () => {
    const old = await ledger.lineage.anchor();
    await run('a-1');
    expect(await codeOf(evidence())).toBe('NOT_SEQUENCED_YET');
    await ledger.lineage.anchor();
    expect(await codeOf(evidence())).toBeUndefined();
    expect(await codeOf(evidence({ checkpointSizeLeaves: old.sizeLeaves }))).toBe('NOT_SEQUENCED_YET');
    expect(await codeOf(evidence({ checkpointSizeLeaves: 4n }))).toBe('CHECKPOINT_UNKNOWN');
    for (const context of [stranger, withoutAction]) {
      expect(await codeOf(ledger.operations.getEvidence(context, named('a-1')))).toBe('EXECUTION_NOT_FOUND');
    }
    const nobody = { tenant: parseTenant('acme'), executionId: parseExecutionId('nobody') };
    expect(await codeOf(ledger.operations.getEvidence(auditor, nobody))).toBe('EXECUTION_NOT_FOUND');
  });

  function typesOf({ streams }: Bundle): Record<string, string[]> {
    return Object.fromEntries(
      Object.entries(streams).map(([role, { events }]) => [role, events.map(({ type }) => type)]),
    );
  }
});

describe('a store that was set back', () => {
  it('gives no grant, not even again one that was given', async () => {
    await run('a-1');
    ledger.lineage.rolledBack = new IntegrityError('LEDGER_ROLLED_BACK', 'the store was set back', {});
    expect(await codeOf(run('a-1'))).toBe('LEDGER_ROLLED_BACK');
    expect(await codeOf(run('a-2'))).toBe('LEDGER_ROLLED_BACK');
    expect((await ledger.operations.getExecution(caller, named('a-1'))).state).toBe('reserved');
  });
});

describe('an execution of which events were lost', () => {
  it('gets no grant, neither a new one nor the one that it had', async () => {
    await run('a-1');
    ledger.lineage.lost.add('execution-acme.a-1').add('execution-acme.a-2');
    expect(await codeOf(run('a-1'))).toBe('EXECUTION_LOST');
    expect(await codeOf(run('a-2'))).toBe('EXECUTION_LOST');
    expect(await codeOf(ledger.operations.getExecution(caller, named('a-2')))).toBe('EXECUTION_NOT_FOUND');
    expect(await codeOf(run('a-3'))).toBeUndefined();
  });
});

describe('tiles', () => {
  const tile = (path: string, context: CallContext | null = auditor) =>
    ledger.operations.getTile(context, parseTilePath(path));

  it('are those of published trees, narrower ones cut from wider ones', async () => {
    expect(await tile('tile/0/000.p/1')).toBeUndefined();
    await run('a-1');
    const { root } = await ledger.lineage.anchor();
    await run('a-2');
    await ledger.lineage.sequence();
    // Sequenced, and not published.
    expect(await tile('tile/0/000.p/6')).toBeUndefined();
    const hashes = await tile('tile/0/000.p/5');
    const leaves = Array.from({ length: 5 }, (_, at) => hashes!.slice(at * 32, at * 32 + 32) as Hash);
    expect(rootOf(leaves)).toEqual(root);
    expect(await tile('tile/0/000.p/2')).toEqual(hashes!.slice(0, 64));
    for (const path of ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1', 'tile/63/000.p/1']) {
      expect(await tile(path)).toBeUndefined();
    }
    await ledger.lineage.anchor();
    const entries = decodeEntryBundle((await tile('tile/entries/000.p/5'))!, 5);
    expect(entries.map((entry) => leafHash(entry))).toEqual(leaves);
  });

  it('are for those who may see the whole log, or for all where a setting says so', async () => {
    await ledger.lineage.anchor();
    expect(await tile('tile/0/000.p/1', null)).toBeDefined();
    expect(await tile('tile/0/000.p/1', caller)).toBeDefined();
    expect(await tile('tile/entries/000.p/1', null)).toBeDefined();
    expect(await tile('tile/entries/000.p/1', operator)).toBeDefined();
    for (const context of [caller, localAuditor]) {
      expect(await codeOf(tile('tile/entries/000.p/1', context))).toBe('PERMISSION_DENIED');
    }
  });
});
