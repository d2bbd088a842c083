import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { EventId } from '@writ/encoding';

import { EntryIndex, type IndexedEvent } from './entry-index.js';

const eventAt = (n: number, id = n): IndexedEvent => ({
  index: BigInt(n),
  eventId: `01900000-0000-7000-8000-${id.toString(16).padStart(12, '0')}` as EventId,
  stream: `execution-acme.${String(n)}`,
  revision: 2n ** 62n + BigInt(n),
});
const events = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => eventAt(from + n));

describe('the index of entries', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-index-'));
    path = join(folder, 'index.db');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([1, 31, 32, 33, 100])('tells %i events by id and by index, also to another reader', (count) => {
    const index = EntryIndex.open(path);
    index.add(events(0, count));
    const reader = EntryIndex.openForReading(path);
    for (const each of events(0, count)) {
      expect(index.indexOf(each.eventId)).toBe(each.index);
      expect(reader.at(each.index)).toEqual(each);
    }
    expect(reader.at(BigInt(count))).toBeUndefined();
    expect(reader.indexOf(eventAt(count).eventId)).toBeUndefined();
    reader.close();
    index.close();
  });

  it('takes the same rows again, and refuses an event at a second index, with all that came along', () => {
    const index = EntryIndex.open(path);
    index.add(events(0, 40));
    index.add(events(10, 50));
    expect(() => index.add([eventAt(50), eventAt(51, 3)])).toThrow(
      expect.objectContaining({ code: 'LINEAGE_INVALID' }),
    );
    expect(index.at(50n)).toBeUndefined();
    expect(index.indexOf(eventAt(3).eventId)).toBe(3n);
    index.close();
  });

  it('forgets from a size on, and keeps what was saved', () => {
    const index = EntryIndex.open(path);
    index.add(events(0, 10));
    expect(index.savedState()).toBeUndefined();
    index.save('a state');
    index.truncate(4n);
    index.close();
    const again = EntryIndex.open(path);
    expect([again.at(3n)?.index, again.at(4n), again.savedState()]).toEqual([3n, undefined, 'a state']);
    again.close();
  });

  it('is begun anew where the file is none of ours', () => {
    writeFileSync(path, 'something else entirely, and long enough to be looked at as a database of some kind');
    const index = EntryIndex.open(path);
    expect(index.at(0n)).toBeUndefined();
    index.close();
  });
});
