import { status, type Metadata } from '@grpc/grpc-js';
import type { EventLog } from './event-log.js';
import { callError } from './messages.js';
import { isMetastream, isSystemStream } from './records.js';

/** Users by name. Without them the double is what `--insecure` is: nobody is asked, and no ACL is enforced (K6). */
export type Users = Readonly<Record<string, { readonly password: string; readonly groups?: readonly string[] }>>;

export type Right = '$r' | '$w' | '$d';

interface Caller {
  readonly name: string | undefined;
  readonly groups: readonly string[];
}

type Acl = Readonly<Record<string, string | readonly string[]>>;

const ADMINS = '$admins';
const EVERYONE = '$all';

/** Who may do what to a stream: its own ACL, else the default one of `$settings`, else the server's. */
export class Access {
  readonly #log: EventLog;
  readonly #users: Users | undefined;

  constructor(log: EventLog, users: Users | undefined) {
    this.#log = log;
    this.#users = users;
  }

  /** Throws the error of the call (code 16) where a password is wrong. */
  check(metadata: Metadata, right: Right, stream: string): 'allowed' | 'denied' {
    const caller = this.#callerOf(metadata);
    if (caller === 'unchecked' || caller.groups.includes(ADMINS)) return 'allowed';
    const roles = this.#rolesFor(right, stream);
    const fits = roles.some((role) => role === EVERYONE || role === caller.name || caller.groups.includes(role));
    return fits ? 'allowed' : 'denied';
  }

  #callerOf(metadata: Metadata): Caller | 'unchecked' {
    if (this.#users === undefined) return 'unchecked';
    const [header] = metadata.get('authorization');
    if (header === undefined) return { name: undefined, groups: [] };
    const [, encoded = ''] = String(header).split(' ');
    const [name = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
    const user = Object.hasOwn(this.#users, name) ? this.#users[name] : undefined;
    if (user === undefined || user.password !== rest.join(':')) {
      throw callError(status.UNAUTHENTICATED, 'Bad HTTP status code: 401');
    }
    return { name, groups: user.groups ?? [] };
  }

  #rolesFor(right: Right, stream: string): readonly string[] {
    const meta = isMetastream(stream);
    const subject = meta ? stream.slice(2) : stream;
    const key = meta && right !== '$d' ? `$m${right.slice(1)}` : right;
    const own: Acl = this.#log.metadataOf(subject).$acl ?? {};
    const fallback = isSystemStream(subject) ? ADMINS : EVERYONE;
    const roles = own[key] ?? this.#defaults(isSystemStream(subject))[key] ?? fallback;
    return typeof roles === 'string' ? [roles] : roles;
  }

  #defaults(system: boolean): Acl {
    const last = this.#log.recordsOf('$settings').at(-1);
    if (last === undefined) return {};
    const settings = JSON.parse(Buffer.from(last.data).toString('utf8')) as Record<string, Acl | undefined>;
    return settings[system ? '$systemStreamAcl' : '$userStreamAcl'] ?? {};
  }
}
