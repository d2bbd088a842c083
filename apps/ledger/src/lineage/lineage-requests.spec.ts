import {
  readAwaitStanding,
  readConsistency,
  readEvidence,
  readGetCheckpoint,
  readInclusion,
} from './lineage-requests.js';

const EVENT_ID = '018f0000-0000-7000-8000-000000000001';
const name = { tenant: 'acme', executionId: 'a-1' };
const bits = (low: number, high = 0) => ({ low, high });

describe('requests of the lineage', () => {
  it('name an entry in one of three ways', () => {
    const targetOf = (target: object) => readInclusion({ target }).target;
    expect(targetOf({ index: bits(5, 1) })).toEqual({ kind: 'index', index: 2n ** 32n + 5n });
    expect(targetOf({ eventId: EVENT_ID })).toEqual({ kind: 'event', eventId: EVENT_ID });
    expect(targetOf({ execution: name })).toEqual({ kind: 'execution', ...name });
    expect(targetOf({ execution: { ...name, revision: bits(0) } })).toEqual({
      kind: 'execution',
      ...name,
      revision: 0n,
    });
  });

  it.each([
    ['no target', {}],
    ['an empty target', { target: {} }],
    ['two targets', { target: { index: bits(1), eventId: EVENT_ID } }],
    ['an index beyond 63 bits', { target: { index: bits(0, 2 ** 31) } }],
  ])('are refused with %s', (_, message) => {
    expect(() => readInclusion(message)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('read sizes, and what is to be withheld', () => {
    expect(readGetCheckpoint({})).toEqual({});
    expect(readGetCheckpoint({ size: bits(7) })).toEqual({ sizeLeaves: 7n });
    expect(readConsistency({ oldSize: bits(3), newSize: bits(7) })).toEqual({ oldSizeLeaves: 3n, newSizeLeaves: 7n });
    const withhold = ['subject'];
    expect(readEvidence({ ...name, withhold, withholdAll: false })).toEqual({ ...name, withhold });
    expect(readEvidence({ ...name, withhold, withholdAll: true })).toEqual({ ...name, withhold: 'all' });
  });

  it('wait for something that is still to come', () => {
    const timeoutMs = bits(500);
    expect(readAwaitStanding({ ...name, wanted: 3, timeoutMs })).toEqual({
      ...name,
      wanted: 'anchored',
      timeoutMs: 500,
    });
    for (const wanted of [0, 1]) {
      expect(() => readAwaitStanding({ ...name, wanted, timeoutMs })).toThrow(
        expect.objectContaining({ code: 'REQUEST_INVALID' }),
      );
    }
  });
});
