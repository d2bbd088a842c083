import { RejectedError } from '@writ/errors';
import { parseConnection, redactConnection } from './connection.js';

function refusal(text: string): RejectedError {
  try {
    parseConnection(text);
  } catch (error) {
    if (error instanceof RejectedError) return error;
    throw error;
  }
  throw new Error(`\`${text}\` was accepted`);
}

describe('connection strings', () => {
  it('names one node, with TLS unless it says otherwise', () => {
    expect(parseConnection('esdb://db.example')).toStrictEqual({
      discovery: 'single',
      hosts: [{ address: 'db.example', port: 2113 }],
      tls: true,
      clientString: 'esdb://db.example:2113?nodePreference=leader&keepAliveInterval=10000&keepAliveTimeout=3000',
    });
    expect(parseConnection(' esdb://127.0.0.1:2114/?tls=false ')).toMatchObject({
      hosts: [{ address: '127.0.0.1', port: 2114 }],
      tls: false,
    });
  });

  it('names the nodes of a cluster, or one name for all of them', () => {
    expect(parseConnection('esdb://a:1,b,c:3')).toMatchObject({
      discovery: 'cluster',
      hosts: [
        { address: 'a', port: 1 },
        { address: 'b', port: 2113 },
        { address: 'c', port: 3 },
      ],
    });
    expect(parseConnection('esdb+discover://cluster.example:2113')).toMatchObject({ discovery: 'dns' });
  });

  it('decodes user and password, and hands them on as the client reads them', () => {
    const connection = parseConnection(
      'esdb://wr%40it:p%3Aw%2F%3F%25@h?tlsCAFile=%2Fcerts%2Fca.crt&connectionName=node%201',
    );
    expect(connection).toMatchObject({
      credentials: { username: 'wr@it', password: 'p:w/?%' },
      tlsCAFile: '/certs/ca.crt',
    });
    expect(connection.clientString).toContain('esdb://wr%40it:p%3Aw%2F%3F%25@h:2113?');
    expect(connection.clientString).toContain('connectionName=node%201');
  });

  it('takes the names of options as the client does, and what is said wins over what we set', () => {
    const { clientString } = parseConnection('esdb://h?TLS=false&Keep-Alive-Interval=20000&node_preference=LEADER');
    expect(clientString).toBe(
      'esdb://h:2113?nodePreference=leader&keepAliveInterval=20000&keepAliveTimeout=3000&tls=false',
    );
  });

  it.each<[string, string, RegExp]>([
    ['nothing', '', /begins with/],
    ['another scheme', 'http://h', /begins with/],
    ['the newer scheme, which this client does not know', 'kurrentdb://h', /begins with/],
    ['no host', 'esdb://', /no host/],
    ['no host behind credentials', 'esdb://u:p@', /no host/],
    ['an IPv6 address', 'esdb://[::1]:2113', /IPv6/],
    ['a path', 'esdb://a/b', /not a host/],
    ['an empty host in a list', 'esdb://a,,b', /not a host/],
    ['a port that is none', 'esdb://a:x', /port/],
    ['a port out of range', 'esdb://a:65536', /port/],
    ['several names to discover', 'esdb+discover://a,b', /one name/],
    ['a raw colon in the password', 'esdb://u:p:w@h', /percent-encoded/],
    ['a raw at sign in the password', 'esdb://u:p@w@h', /percent-encoded/],
    ['a raw slash in the password', 'esdb://u:p/w@h', /percent-encoded/],
    ['a broken escape in the password', 'esdb://u:p%zz@h', /percent-encoded/],
    ['a user without a password', 'esdb://u@h', /user:password/],
    ['credentials that would never be sent', 'esdb://u:p@h?tls=false', /never sent/],
    ['an authority that would never be asked', 'esdb://h?tls=false&tlsCAFile=x', /contradict/],
    ['a certificate without its key', 'esdb://h?userCertFile=x', /together/],
    ['a key without its certificate', 'esdb://h?userKeyFile=x', /together/],
    ['no check of certificates', 'esdb://h?tlsVerifyCert=false', /tlsCAFile/],
    ['an option that is not there', 'esdb://h?retries=3', /no option `retries`/],
    ['an option given twice', 'esdb://h?tls=true&TLS=false', /twice/],
    ['an option without a value', 'esdb://h?tls', /no value/],
    ['a switch that is neither', 'esdb://h?tls=no', /`true` or `false`/],
    ['a number that is none', 'esdb://h?gossipTimeout=5s', /integer/],
    ['a keep-alive that the client warns about', 'esdb://h?keepAliveInterval=1000', /at least 10000/],
    ['reads from followers', 'esdb://h?nodePreference=follower', /leader/],
    ['answers with wrong revisions', 'esdb://h?throwOnAppendFailure=false', /throwOnAppendFailure/],
  ])('refuses %s', (_case, text, message) => {
    const error = refusal(text);
    expect(error).toMatchObject({ code: 'STORE_URL_INVALID', kind: 'Rejected' });
    // The one place where a text is asserted: that each mistake is told apart is what this is about.
    expect(error.message).toMatch(message);
  });

  it.each(['esdb://u:sesame:x@h', 'esdb://u:sesame@h@h', 'esdb://u:sesame@h:x', 'esdb://u:sesame@h?tls=false'])(
    'never tells the password of %s',
    (text) => {
      expect(JSON.stringify([refusal(text).message, refusal(text).details])).not.toContain('sesame');
    },
  );

  it('is printed without user and password', () => {
    expect(redactConnection('esdb://u:sesame@h:1,i:2?tls=true')).toBe('esdb://***@h:1,i:2?tls=true');
    expect(redactConnection('esdb://u:ses@me@h')).toBe('esdb://***@h');
    expect(redactConnection('esdb://h:2113?tls=false')).toBe('esdb://h:2113?tls=false');
    expect(redactConnection('u:sesame@h')).toBe('***');
  });
});
