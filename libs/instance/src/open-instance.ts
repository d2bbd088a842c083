import { mkdirSync } from 'node:fs';
import type { EventStore } from '@writ/event-store';
import { createEngine, createOperations, type Alarm, type Engine, type ExecutionIndex } from '@writ/operations';
import type { Lineage } from '@writ/lineage';
import { installOpensslSha256, type Attestor } from '@writ/signing';
import { runtimeOf } from './build-digest.js';
import { NodeClock } from './clock.js';
import { behindGate, Gate } from './gate.js';
import type { Instance, InstanceMetrics, OpenInstanceOptions } from './instance.js';
import { guardedStore } from './guarded-store.js';
import { lateIndex } from './late-index.js';
import { openIndex } from './open-index.js';
import { hasSeenHead, openLineageOf, type OnForeignEvent } from './open-lineage.js';
import { openNodeKeys, openRing } from './open-node-keys.js';
import { isBegunAs, openStore, storeFileExists } from './open-store.js';
import { systemRandomness } from './randomness.js';
import { readinessOf } from './readiness.js';
import type { Settings } from './settings.js';
import { requireProtection } from './store-protection.js';
import { Sweeper } from './sweeper.js';
import { fileAuthenticator, openAuthenticator, type Authenticator } from './tokens.js';

/**
 * Opens a ledger as configured. Everything that can be wrong with store, key, clock or tokens is said here, before the
 * first call; what was opened until then is closed again.
 *
 * @throws IntegrityError `STORE_MISSING` (not created unless `create`), `STORE_NOT_OURS`, `STORE_NEWER`,
 *   `STORE_MIGRATION_NEEDED`, `STORE_CORRUPT`, `KEY_MISMATCH`, `FOREIGN_EVENT`
 * @throws RejectedError `KEY_FILE_INVALID`, `TOKEN_INVALID`, `STORE_URL_INVALID`, `STORE_ACCESS_DENIED`, `STORE_UNPROTECTED`
 * @throws UnavailableError `STORE_UNAVAILABLE`, `STORE_READ_ONLY`, `STORE_FULL`, `CLOCK_BEHIND`, `SIGNER_UNAVAILABLE`
 */
export async function openInstance(settings: Settings, options: OpenInstanceOptions = {}): Promise<Instance> {
  const create = options.create === true || settings.store.kind === 'memory';
  const brief = options.brief === true;
  const onAlarm = options.onAlarm ?? (() => undefined);
  const opened: (() => Promise<void>)[] = [];
  // The lineage is there before the engine, which the operations need it for.
  let engine: Engine | undefined;
  const onForeignEvent: OnForeignEvent = (stream, revision, error) =>
    engine?.foreignEvents.report(stream, revision, error);
  installOpensslSha256();
  try {
    // 1. What is outside the store: the node's folder, who may call, the clock.
    mkdirSync(settings.stateDir, { recursive: true, mode: 0o700 });
    const authenticator =
      settings.tokensFile === undefined ? openAuthenticator() : fileAuthenticator(settings.tokensFile);
    const clock = new NodeClock({
      stateDir: settings.store.kind === 'memory' ? undefined : settings.stateDir,
      toleranceMs: settings.clockToleranceMs,
    });
    clock.nowMs();
    // 2. The keys at hand, and the store. The first key is durable before a file is made; a server was there before.
    const server = settings.store.kind === 'eventstoredb' ? await openStore(settings, { create }) : undefined;
    if (server !== undefined) opened.push(() => server.close());
    const unprotected = await requireProtection(settings);
    if (unprotected.length > 0) {
      const message = `what is appended is not protected: ${unprotected.join('; ')}`;
      onAlarm({ kind: 'background_failure', task: 'protection of the store', code: 'STORE_UNPROTECTED', message });
    }
    const isBegun = server === undefined ? storeFileExists(settings.store) : await isBegunAs(server, settings.origin);
    const ring = await openRing(settings, { create, isBegun });
    const store = server ?? (await openStore(settings, { create }));
    if (server === undefined) opened.push(() => store.close());
    // 3. That the store is this ledger's and this key's, and the key that signs now.
    const randomness = systemRandomness();
    const mayBegin = create && !hasSeenHead(settings);
    const signing = await openNodeKeys(settings, ring, { store, clock, randomness, onAlarm }, mayBegin);
    const { keys, attestor, nodeKeys } = signing;
    opened.push(
      () => attestor.close(),
      () => nodeKeys.close(),
    );
    // Two ledgers may have begun in it at once.
    if (server !== undefined) await isBegunAs(server, settings.origin);
    const keyPorts = { store, attestor, randomness, clock, origin: settings.origin };
    // 4. What follows the store. Whatever the operations write goes past the lineage: it knows when the store was set back.
    const lineage = await openLineageOf(settings, { ...keyPorts, keys, onAlarm, onForeignEvent, create, brief });
    opened.push(() => lineage.close());
    const openTheIndex = (): ExecutionIndex => openIndex(settings, store, keys);
    const index = brief ? lateIndex(openTheIndex) : openTheIndex();
    opened.push(() => index.close());
    // 5. The operations.
    engine = createEngine(
      {
        ...keyPorts,
        nodeKeys,
        store: guardedStore(lineage.watching(store), lineage),
        index,
        lineage,
        runtime: runtimeOf(),
        maxSkewMs: settings.maxSkewMs,
        policyMaxStaleMs: settings.policyMaxStaleMs,
        onAlarm,
      },
      keys,
    );
    return assemble({
      settings,
      engine,
      clock,
      store,
      attestor,
      index,
      lineage,
      onAlarm,
      authenticator,
      unprotected,
    });
  } catch (error) {
    for (const close of opened.reverse()) await close().catch(() => undefined);
    throw error;
  }
}

interface Parts {
  readonly settings: Settings;
  readonly engine: Engine;
  readonly clock: NodeClock;
  readonly store: EventStore;
  readonly attestor: Attestor;
  readonly index: ExecutionIndex;
  readonly lineage: Lineage;
  readonly onAlarm: (alarm: Alarm) => void;
  readonly authenticator: Authenticator;
  readonly unprotected: readonly string[];
}

function assemble(parts: Parts): Instance {
  const { settings, engine, clock, store, attestor, index, lineage, unprotected } = parts;
  const gate = new Gate();
  const sweeper = new Sweeper(engine, settings.sweepIntervalMs, parts.onAlarm);
  let closing: Promise<void> | undefined;
  return {
    settings,
    origin: settings.origin,
    get keyId() {
      return attestor.keyId;
    },
    get publicKey() {
      return attestor.publicKey;
    },
    runtime: engine.ports.runtime,
    operations: behindGate(createOperations(engine), gate),
    authenticate: (token) => parts.authenticator.authenticate(token),
    readiness: () => readinessOf({ store, clock, index, lineage, gate, nodeKeys: engine.ports.nodeKeys, unprotected }),
    lineageStatus: () => lineage.status(),
    metrics: { ...metricsOf(engine, attestor, index, sweeper), storeUnprotected: () => unprotected.length > 0 },
    startSweeper: () => sweeper.start(),
    close: () => (closing ??= close(parts, gate, sweeper)),
  };
}

/** Front to back, so that whatever is under way finds everything that it needs. */
async function close(parts: Parts, gate: Gate, sweeper: Sweeper): Promise<void> {
  const { settings, engine, clock, store, attestor, index, lineage } = parts;
  // 1. No new calls; those under way end. What outlasts this fails at the closed signer or store, unacknowledged.
  await gate.shut(settings.drainMs);
  await sweeper.stop();
  // 2. Counts of refused replays that no event tells of yet.
  await engine.refusals.flush({ all: true }).catch(() => undefined);
  await engine.foreignEvents.settle();
  // 3. Followers: the lineage still gives all of that an index, and signs a checkpoint over it. Then signer and store.
  await index.close();
  await lineage.close();
  await engine.ports.nodeKeys.close();
  await attestor.close();
  await store.close();
  await clock.persist();
}

function metricsOf(
  engine: Engine,
  attestor: Attestor,
  index: ExecutionIndex,
  sweeper: Sweeper,
): Omit<InstanceMetrics, 'storeUnprotected'> {
  const { counters, refusals, foreignEvents } = engine;
  return {
    appendsInFlight: () => counters.callsUnderWay,
    counters: () => ({
      appends: counters.appends,
      append_failures: counters.appendFailures,
      lost_races: counters.lostRaces,
      attested_leaves: attestor.counts.attestedLeaves,
      grants_signed: counters.grants,
      refusals_recorded: refusals.counts.recorded,
      refusals_dropped: refusals.counts.dropped,
      foreign_events: foreignEvents.found,
      sweeps: sweeper.counts.swept,
      sweep_failures: sweeper.counts.failures,
    }),
    indexBehind: async () => Number((await index.lag()).behind),
  };
}
