import { jsonForm } from './json-form.js';

describe('jsonForm', () => {
  it('writes instants in RFC 3339, 64-bit numbers as text, and leaves durations', () => {
    const answer = { revision: 12n, recordedAtMs: 0, validUntilMs: 1, ttlMs: 5, reservation: { expiresAtMs: 2 } };
    expect(jsonForm(answer)).toEqual({
      revision: '12',
      recordedAt: '1970-01-01T00:00:00.000Z',
      validUntil: '1970-01-01T00:00:00.001Z',
      ttlMs: 5,
      reservation: { expiresAt: '1970-01-01T00:00:00.002Z' },
    });
  });

  it("leaves somebody else's JSON as it is", () => {
    const foreign = { obligations: [{ id: 'x', payAtMs: 5 }], document: { fooUntilMs: 1 }, details: { dueAtMs: 2 } };
    expect(jsonForm(foreign)).toEqual(foreign);
  });

  it('drops what is undefined', () => {
    expect(Object.keys(jsonForm({ grant: undefined, reissued: false }) as object)).toEqual(['reissued']);
  });
});
