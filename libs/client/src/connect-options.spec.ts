import { parseConnectOptions, type ConnectOptions } from './connect-options.js';
import { createTestKey } from './grants.fixture.js';

const plain = { address: '127.0.0.1:7420', tenant: 'acme' };

describe('parseConnectOptions', () => {
  it('takes one address or several, and fills in the timeouts', () => {
    expect(parseConnectOptions(plain)).toMatchObject({ addresses: ['127.0.0.1:7420'], tls: undefined });
    const two = parseConnectOptions({
      ...plain,
      address: ['[::1]:1', 'localhost:2'],
      timeouts: { callMs: 7 },
    });
    expect(two.addresses).toEqual(['[::1]:1', 'localhost:2']);
    expect(two.timeouts).toMatchObject({ attemptMs: 5_000, callMs: 7 });
  });

  it('pins keys given as bytes or base64', () => {
    const { keyId, publicKey } = createTestKey();
    const text = Buffer.from(publicKey).toString('base64');
    const { trust } = parseConnectOptions({ ...plain, trust: { origin: 'o', publicKeys: [publicKey, text] } });
    expect(trust?.keys.map((key) => key.keyId)).toEqual([keyId, keyId]);
  });

  it('lets plaintext beyond loopback only where that was asked for', () => {
    const beyond = { ...plain, address: 'ledger.internal:7420' };
    expect(() => parseConnectOptions(beyond)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }));
    expect(parseConnectOptions({ ...beyond, allowPlaintext: true }).tls).toBeUndefined();
    expect(parseConnectOptions({ ...beyond, tls: true }).tls).toEqual({});
  });

  const wrong: [string, Partial<ConnectOptions>, string][] = [
    ['no address', { address: [] }, 'CONFIGURATION_INVALID'],
    ['an address without port', { address: 'localhost' }, 'CONFIGURATION_INVALID'],
    ['a URL', { address: 'http://localhost:1' }, 'CONFIGURATION_INVALID'],
    ['a host that only begins like loopback', { address: '127.0.0.1.example:1' }, 'CONFIGURATION_INVALID'],
    ['a tenant outside its pattern', { tenant: 'Acme' }, 'NAME_INVALID'],
    ['no key to trust', { trust: { origin: 'o', publicKeys: [] } }, 'CONFIGURATION_INVALID'],
    ['half a key', { trust: { origin: 'o', publicKeys: ['Ag=='] } }, 'ENCODING_BASE64'],
    ['no patience', { timeouts: { callMs: 0 } }, 'CONFIGURATION_INVALID'],
    ['endless patience', { timeouts: { callMs: Infinity } }, 'CONFIGURATION_INVALID'],
  ];
  it.each(wrong)('refuses %s', (_, options, code) => {
    expect(() => parseConnectOptions({ ...plain, ...options })).toThrow(expect.objectContaining({ code }));
  });
});
