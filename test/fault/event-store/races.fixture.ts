import { join } from 'node:path';
import { openStore } from '../harness/open-store.mjs';
import { killStarted, startNode, type TalkingProcess } from '../harness/processes.js';
import { newEvent } from '../harness/sample.mjs';

const CLIENTS = 64;

export interface RacedStore {
  /** Asked for when the race begins. */
  readonly url: () => string;
  readonly rounds: number;
  /**
   * Who sends when all send the same ids. Ids are fresh for each attempt, so that no two processes ever do; where the
   * store compares ids alone, and its driver the rest, two that did would both be told that they won.
   */
  readonly sameIdsFrom: 'both_processes' | 'one_process';
}

interface Outcome {
  readonly code: string;
  readonly firstRevision?: string;
  readonly lastRevision?: string;
  readonly position?: string;
  readonly alreadyAppended?: boolean;
  readonly details?: { readonly actualRevision?: string };
}

interface SentEvent {
  readonly eventId: string;
  readonly data: string;
}

/** What the clients of a round send: each its own, all the same, or the same ids with other bytes. */
type Kind = 'own' | 'same' | 'same_ids';

/** Two operating-system processes with 64 clients between them; in every fifth round all send the same ids. */
export function describeStoreRaces({ url, rounds, sameIdsFrom }: RacedStore): void {
  describe(`${CLIENTS} clients in two processes race for one stream`, () => {
    const racers: TalkingProcess[] = [];

    afterAll(killStarted);

    it(
      `has one winner in each of ${rounds} rounds, and tells every other`,
      async () => {
        for (let i = 0; i < 2; i += 1) racers.push(startNode(join(__dirname, 'children/racer.mjs'), [url()]));
        for (const racer of racers) expect(await racer.next()).toBe('ready');
        const run = Date.now().toString(36);
        const won = new Map<string, readonly SentEvent[]>();
        const kinds: Readonly<Record<number, Kind>> = { 3: 'same', 7: 'same_ids' };
        for (let round = 0; round < rounds; round += 1) {
          const stream = `race-${run}.${round}`;
          const kind = kinds[round % 10] ?? 'own';
          const sent = eventsOf(kind);
          // In a round of one process the first sends all of it, in the next such round the second.
          const shared = kind === 'own' || sameIdsFrom === 'both_processes';
          const cut = shared ? CLIENTS / 2 : round % 20 < 10 ? CLIENTS : 0;
          const shares = [sent.slice(0, cut), sent.slice(cut)];
          racers.forEach((racer, i) => racer.send({ stream, clients: shares[i] }));
          const outcomes = (await Promise.all(racers.map((racer) => racer.next()))).flat() as Outcome[];
          const winner = expectOneWinner(kind, outcomes);
          won.set(stream, sent[winner] as readonly SentEvent[]);
        }
        for (const racer of racers) racer.child.stdin?.end();
        expect(await Promise.all(racers.map((racer) => racer.ended))).toStrictEqual([0, 0]);
        await expectOnlyWinners(url(), won);
      },
      60_000 + rounds * 1_000,
    );
  });
}

function eventsOf(kind: Kind): readonly (readonly SentEvent[])[] {
  const own = (): SentEvent[] =>
    [0, 1].map(() => {
      const { eventId, data } = newEvent();
      return { type: 'SampleHappened', typeVersion: 1, eventId, data: data.toString() };
    });
  const first = own();
  return Array.from({ length: CLIENTS }, (_value, client) => {
    switch (kind) {
      case 'own':
        return own();
      case 'same':
        return first;
      case 'same_ids':
        return first.map((event) => ({ ...event, data: `{"client":${client}}` }));
    }
  });
}

/** @returns which client's append stands */
function expectOneWinner(kind: Kind, outcomes: readonly Outcome[]): number {
  const result = { code: 'OK', firstRevision: '0', lastRevision: '1' };
  const winners = outcomes.flatMap((outcome, i) =>
    outcome.code === 'OK' && outcome.alreadyAppended === false ? [i] : [],
  );
  expect(winners).toHaveLength(1);
  const winner = winners[0] as number;
  const position = outcomes[winner]?.position;
  outcomes.forEach((outcome, client) => {
    if (client === winner) expect(outcome).toStrictEqual({ ...result, position, alreadyAppended: false });
    else if (kind === 'own')
      expect(outcome).toMatchObject({ code: 'REVISION_CONFLICT', details: { actualRevision: '1' } });
    else if (kind === 'same') expect(outcome).toStrictEqual({ ...result, position, alreadyAppended: true });
    else expect(outcome.code).toBe('EVENT_ID_REUSED');
  });
  return winner;
}

async function expectOnlyWinners(url: string, won: ReadonlyMap<string, readonly SentEvent[]>): Promise<void> {
  const store = await openStore(url);
  for (const [stream, events] of won) {
    const read = await store.readStream(stream);
    expect(read.map((event) => ({ eventId: event.eventId, data: Buffer.from(event.data).toString() }))).toStrictEqual(
      events.map(({ eventId, data }) => ({ eventId, data })),
    );
  }
  await store.close();
}
