import { readFile } from 'node:fs/promises';
import { parseTlogProof } from '@writ/checkpoint';
import { LedgerError } from '@writ/errors';
import { BUNDLE_FORMAT, parseBundle } from '@writ/evidence';
import { opensslVerify, opensslVerifyEd25519 } from '@writ/signing';
import {
  createBundleVerifier,
  verifyTlogProof,
  type Profile,
  type Report,
  type TrustFile,
  type VerifyBundleOptions,
} from '@writ/verifier';
import { readDuration } from '../input/read-input.js';
import { UsageError } from '../usage-error.js';
import type { World } from '../world.js';
import { readMirror } from './read-mirror.js';

/** Flags that say what is asked of evidence. */
export interface EvidenceFlags {
  readonly require?: Profile;
  readonly maxAge?: string;
  readonly policyMaxLag?: string;
  readonly tiles?: string;
  readonly entry?: string;
}

export interface VerifiedFile {
  readonly place: string;
  readonly report: Report;
}

export type EvidenceKind = 'bundle' | 'tlog-proof';

const PROOF_HEAD = 'c2sp.org/tlog-proof@v1\n';

/** What a file says that it is; `undefined`: nothing of these, so it is looked through for receipts and attestations. */
export function evidenceKindOf(text: string): EvidenceKind | undefined {
  if (text.startsWith(PROOF_HEAD)) return 'tlog-proof';
  // The canonical form has its members in order, so the format is never far; a damaged file is still meant as a bundle.
  return text.trimStart().startsWith('{') && text.includes(`"format":"${BUNDLE_FORMAT}"`) ? 'bundle' : undefined;
}

/** One verifier for all files of a run: signatures that come again cost nothing. */
export function evidenceVerifier(world: World, trust: TrustFile, flags: EvidenceFlags) {
  const implementations = { verifySignature: opensslVerify, verifyEd25519: opensslVerifyEd25519 };
  const verifier = createBundleVerifier(trust, implementations);
  const age = flags.maxAge === undefined ? {} : { age: ageOf(flags.maxAge, world.nowMs()) };
  return {
    bundle(text: string): Report {
      const bytes = new TextEncoder().encode(text);
      return verifier.verify(bytes, { ...bundleOptions(flags), ...age, ...mirrorFor(flags, bytes) });
    },
    async proof(text: string): Promise<Report> {
      const entry = flags.entry === undefined ? entryIn(text) : await readEntry(flags.entry);
      return verifyTlogProof(text, entry, trust, { ...implementations, ...age });
    },
  };
}

function bundleOptions({ require, policyMaxLag }: EvidenceFlags): VerifyBundleOptions {
  return {
    ...(require === undefined ? {} : { require }),
    ...(policyMaxLag === undefined ? {} : { policyMaxLagMs: readDuration(policyMaxLag, '--policy-max-lag') }),
  };
}

/** A file that is no bundle has no checkpoint to size the mirror by; the verifier says what is wrong with it. */
function mirrorFor({ tiles }: EvidenceFlags, bytes: Uint8Array): Pick<VerifyBundleOptions, 'mirror'> {
  if (tiles === undefined) return {};
  let note: string;
  try {
    note = parseBundle(bytes).checkpoint;
  } catch (error) {
    if (error instanceof LedgerError) return {};
    throw error;
  }
  return { mirror: readMirror(tiles, note) };
}

function ageOf(maxAge: string, nowMs: number): { readonly nowMs: number; readonly maxAgeMs: number } {
  return { nowMs, maxAgeMs: readDuration(maxAge, '--max-age') };
}

/** What our own proofs carry beside the path: nothing vouches for it but that its hash is the leaf. */
function entryIn(text: string): Uint8Array | undefined {
  try {
    return parseTlogProof(text).extra;
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

/** The bytes themselves: a leaf is their hash. */
async function readEntry(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new UsageError(`\`${path}\` cannot be read`, { cause });
  }
}
