/**
 * Merkle trees over SHA-256 as RFC 6962 defines them: roots of whole lists, inclusion paths, and the root that a path
 * leads to. Pure, with no dependency but the hash, so that an auditor can read all that there is to trust.
 */
export { emptyRoot, leafHash, nodeHash, type Hash } from './hash.js';
export { rootFromInclusion, type Inclusion } from './inclusion.js';
export { inclusionPath, inclusionPaths, rootOf } from './tree.js';
