import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { RejectedError, UnavailableError } from '@writ/errors';
import { parseConnection, type EventStoreConnection, type EventStoreHost } from './connection.js';

const CALL_MS = 5_000;

/**
 * Adds a user without any role to the server, through its HTTP interface: the client has no call for it. One that is
 * there stays as it is, its password too.
 *
 * @param adminConnection of an administrator with name and password, over TLS
 * @returns `added`, or `known` where there was one of that name
 * @throws RejectedError `STORE_URL_INVALID`, `STORE_UNPROTECTED` without TLS, `STORE_ACCESS_DENIED`; UnavailableError
 *   `STORE_UNAVAILABLE` where no node answers
 */
export async function addUser(
  adminConnection: string,
  user: { readonly username: string; readonly password: string },
): Promise<'added' | 'known'> {
  const connection = parseConnection(adminConnection);
  if (!connection.tls) throw new RejectedError('STORE_UNPROTECTED', 'without TLS the server knows no users');
  const { username: loginName, password } = user;
  const body = JSON.stringify({ loginName, fullName: loginName, groups: [], password });
  let status: number | undefined;
  for (const host of connection.hosts) {
    status = await post(connection, host, body).catch(() => undefined);
    if (status !== undefined) break;
  }
  switch (status) {
    case 201:
      return 'added';
    case 409:
      return 'known';
    case 401:
    case 403:
      throw new RejectedError('STORE_ACCESS_DENIED', 'the event store lets administrators alone add users');
    default:
      throw new UnavailableError(
        'STORE_UNAVAILABLE',
        `the event store did not add the user: HTTP ${status ?? 'silence'}`,
      );
  }
}

/** @returns the status of the answer */
function post(connection: EventStoreConnection, { address, port }: EventStoreHost, body: string): Promise<number> {
  const { credentials, tlsCAFile } = connection;
  return new Promise((resolve, reject) => {
    const call = request(
      {
        ...{ host: address, port, path: '/users/', method: 'POST', agent: false, timeout: CALL_MS },
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        ...(credentials === undefined ? {} : { auth: `${credentials.username}:${credentials.password}` }),
        ...(tlsCAFile === undefined ? {} : { ca: readFileSync(tlsCAFile) }),
      },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer in time')));
    call.on('error', reject);
    call.end(body);
  });
}
