import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseExecutionId, parseTenant } from '@writ/encoding';
import { openSqliteEventStore } from '@writ/event-store-sqlite';
import { fsck, openLineage } from '@writ/lineage';
import { createAttestor, readNoteKeyFile } from '@writ/signing';
import type { TrustFile } from '@writ/verifier';
import { startTestServer } from '../../e2e/harness/server.js';
import { newEventId } from '../harness/sample.mjs';
import { tell } from '../harness/seed.js';
import { TENANT } from '../harness/transfers.mjs';
import { admit, beginLedger, environmentOf, openLedger, trustIn } from './ledger.js';
import { lastPositionIn, setBackTo } from './set-back.js';

/** Backups from so many events ago are tried, all of them. */
const DEEPEST = 200;
/** Those that are put under a whole instance, and one under a whole server: opening them takes a second. */
const WHOLE = [1, 2, 3, 50, DEEPEST];
const ORIGIN = 'fault.test/ledger';

describe('a backup that is put in the place of the store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-set-back-'));
  const original = join(folder, 'original');
  let last = 0n;
  let trust: TrustFile;

  beforeAll(async () => {
    const ledger = await beginLedger(original);
    for (let round = 0; round < 6; round++) {
      await ledger.execute(18);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    await ledger.instance.close();
    last = lastPositionIn(join(original, 'ledger.db'));
    trust = await trustIn(original);
    expect(last).toBeGreaterThan(DEEPEST);
  }, 60_000);

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it(`is found out by the tree's keeper, from 1 to ${DEEPEST} events ago: nothing is signed, nothing may be written`, async () => {
    const place = join(folder, 'cut');
    cpSync(original, place, { recursive: true });
    const before = signedIn(place);
    const begun = Date.now();
    const overlooked: string[] = [];
    for (let ago = 1; ago <= DEEPEST; ago++) {
      setBackTo(last - BigInt(ago), join(original, 'ledger.db'), join(place, 'ledger.db'));
      const told = await openTree(place);
      if (told.fault !== 'LEDGER_ROLLED_BACK' || told.refusal !== 'LEDGER_ROLLED_BACK') {
        overlooked.push(`${ago}: ${JSON.stringify(told)}`);
      }
      if (lastPositionIn(join(place, 'ledger.db')) > last - BigInt(ago)) overlooked.push(`${ago}: written to`);
      if (signedIn(place) !== before) overlooked.push(`${ago}: something was signed`);
    }
    tell('set back', { tried: DEEPEST, seconds: Math.round((Date.now() - begun) / 1_000) });
    expect(overlooked).toStrictEqual([]);
  }, 180_000);

  it(`is found out by a check, from 1 to ${DEEPEST} events ago`, async () => {
    const place = join(folder, 'checked');
    const overlooked: number[] = [];
    for (let ago = 1; ago <= DEEPEST; ago++) {
      setBackTo(last - BigInt(ago), join(original, 'ledger.db'), place);
      const store = await openSqliteEventStore({ path: place, mode: 'existing', readOnly: true });
      const report = await fsck({
        ...{ store, trust, lineageDir: join(original, 'lineage') },
        ...{ markDir: join(original, 'mark'), stateDir: join(original, 'state') },
      });
      await store.close();
      if ((report.counts.rolled_back ?? 0) === 0) overlooked.push(ago);
    }
    expect(overlooked).toStrictEqual([]);
  }, 180_000);

  it.each(WHOLE)(
    'is refused by a ledger that goes on reading: %d events ago',
    async (ago) => {
      const place = join(folder, `whole-${ago}`);
      cpSync(original, place, { recursive: true });
      setBackTo(last - BigInt(ago), join(original, 'ledger.db'), join(place, 'ledger.db'));
      const before = signedIn(place);
      const ledger = await openLedger(place);
      const { instance, context } = ledger;
      await expect(admit(ledger, `new-${ago}`)).rejects.toMatchObject({
        code: 'LEDGER_ROLLED_BACK',
        kind: 'Integrity',
      });
      const named = { tenant: parseTenant(TENANT), executionId: parseExecutionId('execution-1') };
      expect(await instance.operations.getExecution(context, named)).toMatchObject({ state: 'reserved' });
      expect(await instance.readiness()).toMatchObject({ ready: false });
      expect((await instance.lineageStatus()).fault?.code).toBe('LEDGER_ROLLED_BACK');
      await instance.close();
      expect(lastPositionIn(join(place, 'ledger.db'))).toBe(last - BigInt(ago));
      expect(signedIn(place)).toBe(before);
    },
    30_000,
  );

  it('ends a server with the code that says so', async () => {
    const place = join(folder, 'served');
    cpSync(original, place, { recursive: true });
    setBackTo(last - 7n, join(original, 'ledger.db'), join(place, 'ledger.db'));
    const server = await startTestServer({ folder: place, env: environmentOf(place) });
    try {
      expect((await fetch(`http://127.0.0.1:${server.httpPort}/health/ready`)).status).toBe(503);
      expect(await server.stop('SIGTERM')).toBe(7);
    } finally {
      await server.stop('SIGKILL');
    }
  }, 40_000);

  it('is no other when it is put back whole', async () => {
    const place = join(folder, 'same');
    cpSync(original, place, { recursive: true });
    const ledger = await openLedger(place);
    await ledger.execute(1);
    expect((await ledger.instance.lineageStatus()).fault).toBeUndefined();
    await ledger.instance.close();
  }, 30_000);
});

/** The keeper of the tree alone, in this thread, over what stands in the folder. */
async function openTree(place: string): Promise<{ fault: string | undefined; refusal: unknown }> {
  const store = await openSqliteEventStore({ path: join(place, 'ledger.db'), mode: 'existing' });
  const attestor = await createAttestor({
    ...{ keyFile: join(place, 'attestation-key.json'), origin: ORIGIN, worker: false },
  });
  const { keyId, publicKey } = attestor;
  const lineage = await openLineage({
    ...{ origin: ORIGIN, store, attestor, pinned: [{ keyId, publicKey }] },
    signer: await readNoteKeyFile(join(place, 'checkpoint-key.json'), 'checkpoint'),
    clock: { nowMs: () => Date.now() },
    randomness: {
      bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      eventId: () => newEventId() as never,
    },
    ...{ anchorIntervalMs: 50, anchorEntries: 1 },
    onDisk: {
      lineageDir: join(place, 'lineage'),
      markDir: join(place, 'mark'),
      seenFile: join(place, 'state/lineage-head.json'),
    },
  });
  const { fault } = await lineage.status();
  let refusal: unknown;
  try {
    lineage.requireWritable();
  } catch (error) {
    refusal = (error as { code?: unknown }).code;
  }
  await lineage.close();
  await attestor.close();
  await store.close();
  return { fault: fault?.code, refusal };
}

/** What this ledger has signed and marked, as one digest. */
function signedIn(place: string): string {
  const digest = createHash('sha256');
  for (const name of readdirSync(join(place, 'lineage/checkpoints')).sort()) {
    digest.update(name).update(readFileSync(join(place, 'lineage/checkpoints', name)));
  }
  for (const name of ['lineage/checkpoint', 'mark/mark.json', 'state/lineage-head.json']) {
    digest.update(readFileSync(join(place, name)));
  }
  return digest.digest('hex');
}
