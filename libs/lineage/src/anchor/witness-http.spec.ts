import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { isPublicAddress } from './public-address.js';
import { WitnessHttp } from './witness-http.js';

/** Spellings of addresses that are not one host of the public internet. */
const PRIVATE_HOSTS = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '017700000001',
  '0x7f000001',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '0177.0.0.01',
  '127.0.0.1.',
  '0',
  '0.0.0.0',
  '0x0',
  '00000000000',
  '10.0.0.1',
  '10.255.255.255',
  '012.0.0.1',
  '167772161',
  '172.16.0.1',
  '172.31.255.254',
  '0xac100001',
  '192.168.0.1',
  '192.168.255.254',
  '3232235521',
  '0300.0250.0.1',
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.170.2',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.7',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '4294967295',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::127.0.0.1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:10.0.0.1]',
  '[::ffff:a9fe:a9fe]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b:1::1]',
  '[100::1]',
  '[2001::1]',
  '[2001:0:7f00:1::]',
  '[2001:10::1]',
  '[2001:20::1]',
  '[2001:db8::1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[3fff::1]',
  '[5f00::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[ff02::1]',
];
const NO_URLS = [
  '',
  'witness.example',
  '//witness.example',
  'ftp://witness.example',
  'file:///etc/passwd',
  'gopher://witness.example',
  'data:text/plain,x',
  'javascript:alert(1)',
  'http://witness.example',
  'HTTP://witness.example',
  'https://user@witness.example',
  'https://user:secret@witness.example',
  'https://witness.example@127.0.0.1',
  'https://witness.example/?to=1',
  'https://witness.example/#here',
  'https://',
  'https://[::1',
  'https://1.2.3.4.5',
  'https://256.256.256.256',
  'https://a b',
];
const signal = (): AbortSignal => AbortSignal.timeout(5_000);

describe('where a witness may be', () => {
  const strict = new WitnessHttp({
    allowPrivate: false,
    lookup: () => Promise.reject(new Error('nothing is looked up here')),
  });

  it.each(PRIVATE_HOSTS)('not at https://%s', async (host) => {
    const refused = { code: 'CONFIGURATION_INVALID' };
    expect(() => strict.requireUrl(`https://${host}/w`)).toThrow(expect.objectContaining(refused));
    await expect(strict.post(`https://${host}/w`, '', signal())).rejects.toMatchObject(refused);
  });

  it.each(NO_URLS)('not at `%s`', (url) => {
    expect(() => strict.requireUrl(url)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }));
  });

  it.each([
    'https://witness.example/w1',
    'https://witness.example:8443',
    'https://8.8.8.8/w',
    'https://[2606:4700::1]/',
  ])('at %s', (url) => {
    expect(() => strict.requireUrl(url)).not.toThrow();
  });

  it.each([
    ['127.0.0.1'],
    ['169.254.169.254'],
    ['::1'],
    ['::ffff:10.0.0.1'],
    ['not an address'],
    ['8.8.8.8', '10.0.0.1'],
    ['2606:4700::1', '::1'],
    [],
  ])('not where a name leads to %s', async (...addresses) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const http = new WitnessHttp({ allowPrivate: false, lookup: () => Promise.resolve(found) });
    await expect(http.post('https://witness.example/w', '', signal())).rejects.toMatchObject({
      code: 'PUBLISHER_UNAVAILABLE',
    });
  });

  it('tells public addresses from others', () => {
    const open = [
      '1.1.1.1',
      '9.255.255.255',
      '11.0.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '192.167.255.255',
      '223.255.255.255',
    ];
    expect(
      [...open, '2001:200::1', '2606:4700::1111', '2a00::1'].filter((address) => !isPublicAddress(address)),
    ).toEqual([]);
    expect(['', 'localhost', '1.2.3', '1.2.3.4/8', '::1%lo'].filter(isPublicAddress)).toEqual([]);
  });
});

describe('asking', () => {
  let server: Server;
  let hits: string[];
  let url: string;
  beforeEach(async () => {
    hits = [];
    server = createServer((request, response) => {
      hits.push(`${request.headers.host ?? ''}${request.url ?? ''}`);
      if (request.url === '/redirect') response.writeHead(307, { location: '/elsewhere' }).end();
      else if (request.url === '/long') response.end('x'.repeat(1_000_000));
      else if (request.url === '/slow') response.write('a');
      else response.end('answer');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  it('reads status and body, and follows no redirect', async () => {
    const http = new WitnessHttp({ allowPrivate: true });
    expect(Buffer.from((await http.post(`${url}/w`, 'body', signal())).body).toString()).toBe('answer');
    expect((await http.post(`${url}/redirect`, 'body', signal())).status).toBe(307);
    expect(hits.map((hit) => hit.replace(/^[^/]*/, ''))).toEqual(['/w', '/redirect']);
  });

  it('looks a name up once and goes where it led, whatever it leads to then', async () => {
    const answers = ['127.0.0.1', '10.255.255.1'];
    let asked = 0;
    const http = new WitnessHttp({
      allowPrivate: true,
      lookup: () => Promise.resolve([{ address: answers[asked++] ?? '', family: 4 }]),
    });
    const port = new URL(url).port;
    expect((await http.post(`http://witness.example:${port}/w`, 'body', signal())).status).toBe(200);
    expect([asked, hits]).toEqual([1, [`witness.example:${port}/w`]]);
  });

  it('gives up on an answer that is too long, and on one that does not come', async () => {
    const http = new WitnessHttp({ allowPrivate: true });
    await expect(http.post(`${url}/long`, 'body', signal())).rejects.toThrow('too long');
    await expect(http.post(`${url}/slow`, 'body', AbortSignal.timeout(200))).rejects.toThrow();
    const stuck = new WitnessHttp({ allowPrivate: true, lookup: () => new Promise(() => undefined) });
    await expect(stuck.post('http://witness.example/w', 'body', AbortSignal.timeout(200))).rejects.toThrow();
  });
});
