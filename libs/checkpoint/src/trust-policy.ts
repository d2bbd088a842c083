import { equalBytes } from '@writ/encoding';
import { LedgerError, RejectedError } from '@writ/errors';

import type { Member, Quorum } from './quorum.js';
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from './verifier-key.js';

/** Who is believed (C2SP tlog-policy): any of the logs, if enough witnesses have cosigned. */
export interface TrustPolicy {
  readonly logs: readonly TrustedLog[];
  readonly witnesses: readonly TrustedWitness[];
  readonly quorum: Quorum;
}

export interface TrustedLog {
  /** Its name is the log's origin. */
  readonly key: VerifierKey;
  readonly url?: string;
}

export interface TrustedWitness {
  /** Within this policy; the key has its own. */
  readonly name: string;
  readonly key: VerifierKey;
  readonly url?: string;
}

/** Of logs, witnesses and groups, each. */
const MAX_LINES_OF_A_KIND = 256;
const MAX_LENGTH = 1_000_000;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/;
const THRESHOLD = /^[1-9][0-9]{0,2}$/;

/**
 * Reads a policy: lines `log`, `witness`, `group` and exactly one `quorum`, each naming only what stands above it;
 * comments and empty lines are skipped. Throws TRUST_POLICY_INVALID with `details.line`. Stricter than the format in
 * this: the key of a log is not that of a witness, since a log that vouches for itself is no witness.
 */
export function parseTrustPolicy(text: string): TrustPolicy {
  if (typeof text !== 'string' || text.length > MAX_LENGTH)
    refuse('a policy is a text of at most 1,000,000 characters', 0);
  // A file that was cut off could end in the middle of a name that is another name.
  if (!text.endsWith('\n')) refuse('the last line of a policy ends in a newline', text.split('\n').length);
  const reader = new PolicyReader();
  for (const [at, line] of text.slice(0, -1).split('\n').entries()) reader.read(line, at + 1);
  return reader.policy();
}

/** A policy with the same meaning as `policy`, as `parseTrustPolicy` reads it. */
export function formatTrustPolicy({ logs, witnesses, quorum }: TrustPolicy): string {
  const withUrl = (line: string, url: string | undefined): string => (url === undefined ? line : `${line} ${url}`);
  const lines = [
    ...logs.map(({ key, url }) => withUrl(`log ${formatVerifierKey(key)}`, url)),
    ...witnesses.map(({ name, key, url }) => withUrl(`witness ${name} ${formatVerifierKey(key)}`, url)),
    ...(quorum.kind === 'none' ? [] : groupLines(quorum)),
    `quorum ${quorum.kind === 'none' ? 'none' : quorum.name}`,
  ];
  const text = `${lines.join('\n')}\n`;
  parseTrustPolicy(text);
  return text;
}

function groupLines(member: Member): string[] {
  if (member.kind === 'witness') return [];
  const names = member.members.map(({ name }) => name).join(' ');
  return [...member.members.flatMap(groupLines), `group ${member.name} ${String(member.threshold)} ${names}`];
}

class PolicyReader {
  readonly #logs: TrustedLog[] = [];
  readonly #witnesses: TrustedWitness[] = [];
  readonly #named = new Map<string, Member>();
  /** Names that are a member already: each may be one once, so that no witness counts twice. */
  readonly #members = new Set<string>();
  #groups = 0;
  #quorum: Quorum | undefined;

  read(text: string, line: number): void {
    if (CONTROL.test(text)) refuse('a policy holds no control characters but tabs and newlines', line);
    const [keyword, ...items] = text.split(/[ \t]+/).filter((item) => item !== '');
    if (keyword === undefined || keyword.startsWith('#')) return;
    if (keyword === 'log') this.#readLog(items, line);
    else if (keyword === 'witness') this.#readWitness(items, line);
    else if (keyword === 'group') this.#readGroup(items, line);
    else if (keyword === 'quorum') this.#readQuorum(items, line);
    else refuse('a line begins with `log`, `witness`, `group` or `quorum`', line);
  }

  policy(): TrustPolicy {
    if (this.#quorum === undefined) refuse('a policy has a `quorum` line', 0);
    return { logs: this.#logs, witnesses: this.#witnesses, quorum: this.#quorum };
  }

  #readLog(items: readonly string[], line: number): void {
    const [vkey, url, ...rest] = items;
    if (vkey === undefined || rest.length > 0) refuse('a log is `log <vkey> [<url>]`', line);
    const key = this.#newKey(vkey, line);
    if (key.algorithm === 'cosignature-v1') refuse('the key of a log is not that of a witness', line);
    if (this.#logs.length >= MAX_LINES_OF_A_KIND) refuse('too many logs', line);
    this.#logs.push(url === undefined ? { key } : { key, url });
  }

  #readWitness(items: readonly string[], line: number): void {
    const [name, vkey, url, ...rest] = items;
    if (name === undefined || vkey === undefined || rest.length > 0) {
      refuse('a witness is `witness <name> <vkey> [<url>]`', line);
    }
    const key = this.#newKey(vkey, line);
    if (key.algorithm === 'ed25519') refuse('the key of a witness is not that of a log', line);
    if (this.#witnesses.length >= MAX_LINES_OF_A_KIND) refuse('too many witnesses', line);
    this.#define({ kind: 'witness', name }, line);
    this.#witnesses.push(url === undefined ? { name, key } : { name, key, url });
  }

  #readGroup(items: readonly string[], line: number): void {
    const [name, wanted, ...names] = items;
    if (name === undefined || wanted === undefined || names.length === 0) {
      refuse('a group is `group <name> all|any|<k> <names>`', line);
    }
    if (this.#groups >= MAX_LINES_OF_A_KIND) refuse('too many groups', line);
    this.#groups += 1;
    const threshold = thresholdOf(wanted, names.length);
    if (threshold === undefined) refuse('the threshold of a group is `all`, `any` or 1 to its members', line);
    const members = names.map((member) => this.#memberOnce(member, line));
    this.#define({ kind: 'group', name, threshold, members }, line);
  }

  #readQuorum(items: readonly string[], line: number): void {
    const [name, ...rest] = items;
    if (name === undefined || rest.length > 0) refuse('a quorum is `quorum <name>|none`', line);
    if (this.#quorum !== undefined) refuse('a policy has one `quorum` line', line);
    this.#quorum = name === 'none' ? { kind: 'none' } : this.#defined(name, line);
  }

  #memberOnce(name: string, line: number): Member {
    const member = this.#defined(name, line);
    if (this.#members.has(name)) refuse(`\`${name}\` is a member twice`, line);
    this.#members.add(name);
    return member;
  }

  #defined(name: string, line: number): Member {
    const member = this.#named.get(name);
    if (member === undefined) refuse(`no line above defines \`${name}\``, line);
    return member;
  }

  #define(member: Member, line: number): void {
    if (member.name === 'none' || this.#named.has(member.name)) refuse(`the name \`${member.name}\` is taken`, line);
    this.#named.set(member.name, member);
  }

  /** Keys are told apart by their bytes, whatever name and type they go by. */
  #newKey(vkey: string, line: number): VerifierKey {
    const key = parseKey(vkey, line);
    const known = [...this.#logs, ...this.#witnesses];
    if (known.some((other) => equalBytes(other.key.publicKey, key.publicKey))) refuse('the key is listed twice', line);
    return key;
  }
}

function thresholdOf(wanted: string, members: number): number | undefined {
  if (wanted === 'all') return members;
  if (wanted === 'any') return 1;
  const threshold = THRESHOLD.test(wanted) ? Number(wanted) : 0;
  return threshold >= 1 && threshold <= members ? threshold : undefined;
}

function parseKey(vkey: string, line: number): VerifierKey {
  try {
    return parseVerifierKey(vkey);
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new RejectedError('TRUST_POLICY_INVALID', cause.message, { line }, { cause });
  }
}

function refuse(message: string, line: number): never {
  throw new RejectedError('TRUST_POLICY_INVALID', message, { line });
}
