import { ConflictError, IntegrityError, RejectedError, UnavailableError } from '@writ/errors';
import { callPersistently, Rotation, type Server } from './persistent-call.js';
import type { Rpc } from './rpc.js';
import type { Try } from './server-link.js';

const rpc: Rpc<string, string> = {
  path: '/test',
  readsOnly: false,
  serialize: (text) => Buffer.from(`${text} ${(serialized += 1)}`),
  deserialize: (bytes) => Buffer.from(bytes).toString(),
};
let serialized = 0;

type Step = Error | string;

/** Answers with one step per try; the last one stays. */
class ScriptedServer implements Server {
  readonly seen: string[] = [];
  readonly timeouts: number[] = [];
  constructor(private readonly steps: readonly Step[]) {}

  async unary<Request, Answer>(_: Rpc<Request, Answer>, bytes: Buffer, { timeoutMs }: Try): Promise<Answer> {
    const step = this.steps[Math.min(this.seen.length, this.steps.length - 1)] as Step;
    this.seen.push(bytes.toString());
    this.timeouts.push(timeoutMs);
    if (step instanceof Error) throw step;
    return step as Answer;
  }
}

const gone = new UnavailableError('SERVER_UNREACHABLE', 'gone', { mayHaveHappened: false });
const lost = new UnavailableError('SERVER_UNREACHABLE', 'lost', { mayHaveHappened: true });

function call(servers: [Server, ...Server[]], timeoutMs = 2_000, signal?: AbortSignal): Promise<string> {
  return callPersistently(rpc, 'request', { servers: new Rotation(servers), attemptMs: 500, timeoutMs, signal });
}

describe('callPersistently', () => {
  it('sends the same bytes again until there is an answer', async () => {
    const server = new ScriptedServer([gone, lost, 'answer']);
    expect(await call([server])).toBe('answer');
    expect(new Set(server.seen).size).toBe(1);
    expect(server.seen).toHaveLength(3);
  });

  it.each([
    new RejectedError('REQUEST_INVALID', 'no'),
    new ConflictError('INV-013', 'no'),
    new IntegrityError('FOREIGN_EVENT', 'no'),
    new TypeError('a bug'),
  ])('never repeats after %s', async (error) => {
    const server = new ScriptedServer([error]);
    await expect(call([server])).rejects.toBe(error);
    expect(server.seen).toHaveLength(1);
  });

  it('gives up in time, and tells when any of the tries may have happened', async () => {
    const startedAtMs = Date.now();
    const server = new ScriptedServer([lost, gone]);
    await expect(call([server], 400)).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      details: { mayHaveHappened: true },
    });
    expect(Date.now() - startedAtMs).toBeLessThan(600);
    await expect(call([new ScriptedServer([gone])], 200)).rejects.toMatchObject({
      details: { mayHaveHappened: false },
    });
  });

  it('goes to the next address, at once the first time round, and stays with the one that answers', async () => {
    const dead = new ScriptedServer([gone]);
    const alive = new ScriptedServer(['answer']);
    const servers = new Rotation<Server>([dead, alive]);
    const options = { servers, attemptMs: 500, timeoutMs: 2_000 };
    expect(await callPersistently(rpc, 'one', options)).toBe('answer');
    expect(await callPersistently(rpc, 'two', options)).toBe('answer');
    expect([dead.seen.length, alive.seen.length]).toEqual([1, 2]);
  });

  it('keeps half of its time for the other address', async () => {
    const dead = new ScriptedServer([gone]);
    await call([dead, new ScriptedServer(['answer'])], 600);
    expect(dead.timeouts[0]).toBeLessThanOrEqual(300);
  });

  it('waits at least half of what an overloaded server asks for', async () => {
    const overloaded = new UnavailableError('OVERLOADED', 'full', { retryAfterMs: 300, mayHaveHappened: false });
    const startedAtMs = Date.now();
    await call([new ScriptedServer([overloaded, 'answer'])]);
    expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(145);
  });

  it('stops when its caller gives up', async () => {
    const stop = new AbortController();
    const server = new ScriptedServer([lost]);
    setTimeout(() => stop.abort(), 50);
    await expect(call([server], 60_000, stop.signal)).rejects.toMatchObject({ details: { mayHaveHappened: true } });
    await expect(call([new ScriptedServer(['never'])], 60_000, AbortSignal.abort())).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      details: { mayHaveHappened: false },
    });
  });
});
