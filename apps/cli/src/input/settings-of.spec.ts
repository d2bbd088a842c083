import { settingsOf, storeUrlOf } from './settings-of.js';

const of = (env: Record<string, string>, flags: Parameters<typeof settingsOf>[1]) => settingsOf({ env }, flags);

describe('settings from flags', () => {
  it('look for keys, state, lineage and mark beside the store', () => {
    expect(of({}, { store: '/srv/a/ledger.db' })).toMatchObject({
      store: { kind: 'sqlite', path: '/srv/a/ledger.db' },
      keyFile: '/srv/a/attestation-key.json',
      stateDir: '/srv/a/state',
      lineageDir: '/srv/a/lineage',
      markDir: '/srv/a/mark',
      checkpointKeyFile: '/srv/a/checkpoint-key.json',
    });
  });

  it('take what is said over what lies beside', () => {
    const settings = of({ WRIT_KEY_FILE: '/keys/k.json' }, { store: 'sqlite:/srv/l.db', stateDir: '/state' });
    expect(settings).toMatchObject({ keyFile: '/keys/k.json', stateDir: '/state' });
    expect(of({ WRIT_ORIGIN: 'a.example' }, { origin: 'b.example' }).origin).toBe('b.example');
  });

  it('leave the defaults where no store is named', () => {
    expect(of({}, {})).toMatchObject({ keyFile: '.writ/attestation-key.json', stateDir: '.writ/state' });
  });

  it('do not take variables of the client for misspelt settings', () => {
    const env = { WRIT_ADDRESS: 'x', WRIT_TOKEN: 't', WRIT_TENANT: 'a', WRIT_CA_FILE: 'ca.pem' };
    expect(() => of(env, {})).not.toThrow();
    expect(() => of({ WRIT_ADRESS: 'x' }, {})).toThrow();
  });

  it('read a bare path as a store on disk', () => {
    expect(['memory:', 'sqlite:a.db', 'a.db'].map(storeUrlOf)).toEqual(['memory:', 'sqlite:a.db', 'sqlite:a.db']);
  });
});
