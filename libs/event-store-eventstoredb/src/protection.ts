import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { RejectedError, UnavailableError } from '@writ/errors';
import { parseConnection } from './connection.js';
import { failureOf, isStreamNotFound } from './failures.js';

/** Whether the server keeps what is appended from our own user. */
export type Protection =
  | { readonly kind: 'protected' }
  /** One sentence for each way in which our own user could take away what was appended. */
  | { readonly kind: 'unprotected'; readonly reasons: readonly string[] };

/** No stream of ours has this name, and none ever gets it. */
const PROBE_STREAM = 'writ-protection-probe';
/** No stream ever gets there, so whatever is asked for under it happens to nothing. */
const IMPOSSIBLE_REVISION = 9_007_199_254_740_991n;
const CALL_MS = 2_000;
const PATIENCE_MS = 10_000;
const PAUSE_MS = 250;
const DISPOSE_MS = 500;

type Attempt = (client: EventStoreDBClient) => Promise<unknown>;

const EXPECTED = { expectedRevision: IMPOSSIBLE_REVISION, deadline: CALL_MS } as const;

/** What our own user must not be able to do, each as a call that could not do it even where it is allowed. */
const FORBIDDEN: readonly { readonly reason: string; readonly attempt: Attempt }[] = [
  { reason: 'our user may delete streams', attempt: (client) => client.deleteStream(PROBE_STREAM, EXPECTED) },
  {
    reason: 'our user may delete streams for good',
    attempt: (client) => client.tombstoneStream(PROBE_STREAM, EXPECTED),
  },
  {
    reason: 'our user may write the metadata of streams, and thereby hide events',
    attempt: (client) => client.setStreamMetadata(PROBE_STREAM, { maxCount: 1 }, EXPECTED),
  },
];

/**
 * Asks the server to do, as our own user, what it must refuse (docs/guides/eventstoredb.md). Nothing can come of it: each
 * call names a stream that is not there, at a revision that no stream has. Without TLS nobody is asked, for a server
 * without it knows no users and enforces nothing.
 *
 * @throws RejectedError `STORE_URL_INVALID`, `STORE_ACCESS_DENIED`; UnavailableError `STORE_UNAVAILABLE` where the server
 *   does not answer in 10 s
 */
export async function checkProtection(connection: string): Promise<Protection> {
  const { tls, clientString } = parseConnection(connection);
  if (!tls) return { kind: 'unprotected', reasons: ['the server is reached without TLS, so it knows no users'] };
  return withClient(clientString, async (client) => {
    const endsMs = performance.now() + PATIENCE_MS;
    // Who is not let in at all is refused everything, which proves nothing.
    if (!(await isAllowed(() => readNothing(client), endsMs))) {
      throw new RejectedError('STORE_ACCESS_DENIED', 'the event store does not let our user read');
    }
    const reasons: string[] = [];
    for (const { reason, attempt } of FORBIDDEN) {
      if (await isAllowed(() => attempt(client), endsMs)) reasons.push(reason);
    }
    return reasons.length === 0 ? { kind: 'protected' } : { kind: 'unprotected', reasons };
  });
}

/** Reads a stream that is not there, which is an answer. */
async function readNothing(client: EventStoreDBClient): Promise<void> {
  try {
    for await (const _ of client.readStream(PROBE_STREAM, { maxCount: 1 })) return;
  } catch (error) {
    if (!isStreamNotFound(error)) throw error;
  }
}

async function isAllowed(attempt: () => Promise<unknown>, endsMs: number): Promise<boolean> {
  for (;;) {
    const failure = await settled(attempt());
    switch (failure?.kind) {
      case 'denied':
        return false;
      case undefined:
      case 'conflict':
      case 'deleted':
      case 'too_large':
        // It was not refused for who we are.
        return true;
      case 'busy':
      case 'outage':
        if (performance.now() >= endsMs) throw unavailable(failure.message);
        await sleep(PAUSE_MS);
    }
  }
}

/** How a call failed; one that outlasts its time counts as failed by the server. */
async function settled(call: Promise<unknown>): Promise<ReturnType<typeof failureOf> | undefined> {
  const late = new AbortController();
  const tooLong = sleep(2 * CALL_MS, undefined, { signal: late.signal }).then(() => {
    throw unavailable('it does not answer');
  });
  try {
    await Promise.race([call, tooLong]);
    return undefined;
  } catch (error) {
    return failureOf(error);
  } finally {
    late.abort();
    tooLong.catch(() => undefined);
  }
}

/** The rules for streams that have none of their own, as `$settings` holds them. */
interface StreamRules {
  readonly $r: readonly string[];
  readonly $w: readonly string[];
  readonly $d: readonly string[];
  readonly $mr: readonly string[];
  readonly $mw: readonly string[];
}

const SETTINGS_STREAM = '$settings';
const ALL_STREAM = '$all';
const ADMINS = '$admins';

/**
 * Lets `user` read and append, and nobody but administrators delete streams or write their metadata: the rules of the
 * server for all streams that are not its own. Beside that `user` may read `$all`, which a ledger follows. What is so
 * already is left alone.
 *
 * @param adminConnection of an administrator, over TLS
 * @throws RejectedError `STORE_URL_INVALID`, `STORE_UNPROTECTED` without TLS, `STORE_ACCESS_DENIED` where that is no
 *   administrator; UnavailableError `STORE_UNAVAILABLE`
 */
export async function applyProtection(adminConnection: string, options: { readonly user: string }): Promise<void> {
  const { tls, clientString } = parseConnection(adminConnection);
  if (!tls)
    throw new RejectedError('STORE_UNPROTECTED', 'without TLS the server enforces no rules: give it certificates');
  await withClient(clientString, async (client) => {
    await translated(setDefaultRules(client, options.user));
    await translated(letReadAll(client, options.user));
  });
}

async function setDefaultRules(client: EventStoreDBClient, user: string): Promise<void> {
  const { jsonEvent } = await import('@eventstore/db-client');
  const before = await lastSettings(client);
  const rules: StreamRules = {
    $r: [user, ADMINS],
    $w: [user, ADMINS],
    $d: [ADMINS],
    $mr: [user, ADMINS],
    $mw: [ADMINS],
  };
  const data = { ...before.settings, $userStreamAcl: rules };
  if (JSON.stringify(data) === JSON.stringify(before.settings)) return;
  // A crash after this leaves the rules and a user who cannot read `$all`: the same command again mends that.
  await client.appendToStream(SETTINGS_STREAM, jsonEvent({ type: 'update-default-acl', data }), {
    expectedRevision: before.revision,
  });
}

/** What the server goes by: the last event of `$settings`, whole. */
async function lastSettings(
  client: EventStoreDBClient,
): Promise<{ readonly settings: object; readonly revision: bigint | 'no_stream' }> {
  try {
    const events = client.readStream(SETTINGS_STREAM, { direction: 'backwards', fromRevision: 'end', maxCount: 1 });
    for await (const { event } of events) {
      if (event !== undefined) return { settings: event.data as object, revision: event.revision };
    }
  } catch (error) {
    if (!isStreamNotFound(error)) throw error;
  }
  return { settings: {}, revision: 'no_stream' };
}

async function letReadAll(client: EventStoreDBClient, user: string): Promise<void> {
  const { metadata } = await client.getStreamMetadata(ALL_STREAM);
  const given = metadata?.acl?.readRoles ?? [];
  const readRoles = [...new Set([...(typeof given === 'string' ? [given] : given), ADMINS, user])];
  if (readRoles.length === given.length) return;
  await client.setStreamMetadata(ALL_STREAM, { ...metadata, acl: { ...metadata?.acl, readRoles } });
}

async function translated(call: Promise<unknown>): Promise<void> {
  const failure = await settled(call);
  switch (failure?.kind) {
    case undefined:
      return;
    case 'denied':
      throw new RejectedError('STORE_ACCESS_DENIED', `the event store refuses this to its user: ${failure.message}`);
    case 'conflict':
      throw unavailable('somebody else changed its settings at the same time');
    case 'deleted':
      throw unavailable('its settings were deleted');
    case 'too_large':
    case 'busy':
    case 'outage':
      throw unavailable(failure.message);
  }
}

/** No driver runs on this thread, so its appends are not disturbed when the client ends. */
async function withClient<T>(clientString: string, use: (client: EventStoreDBClient) => Promise<T>): Promise<T> {
  const { EventStoreDBClient } = await import('@eventstore/db-client');
  const client = EventStoreDBClient.connectionString(clientString);
  try {
    return await use(client);
  } finally {
    // A stream that failed may keep it waiting for ever.
    await Promise.race([client.dispose().catch(() => undefined), sleep(DISPOSE_MS)]);
  }
}

function unavailable(why: string): UnavailableError {
  return new UnavailableError('STORE_UNAVAILABLE', `the event store cannot be asked: ${why}`);
}
