import { closeSync, fsyncSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Which file this is, whatever its name: two stats agree exactly when it is the same one. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

export function identityOf(path: string): FileIdentity | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : { device: stats.dev, inode: stats.ino };
}

export function sameIdentity(a: FileIdentity | undefined, b: FileIdentity | undefined): boolean {
  return a !== undefined && b !== undefined && a.device === b.device && a.inode === b.inode;
}

/**
 * Makes a name in a directory durable.
 *
 * Never do the like to a store file while this process has it open: POSIX drops every lock that a process holds on a
 * file as soon as it closes *any* descriptor of it, and SQLite's locks are such locks.
 */
export function syncDirectoryOf(path: string): void {
  syncDescriptor(dirname(path));
}

/** Makes the content of a file durable that SQLite does not lock: a write-ahead log, or a copy that nobody has open. */
export function syncUnlockedFile(path: string): void {
  syncDescriptor(path);
}

function syncDescriptor(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const SQLITE_MAGIC = Buffer.from('SQLite format 3\0', 'latin1');

/** `true` when a file begins as SQLite files do. Only for files that SQLite refused: see above. */
export function beginsLikeSqlite(path: string): boolean {
  const descriptor = openSync(path, 'r');
  try {
    const head = Buffer.alloc(SQLITE_MAGIC.length);
    readSync(descriptor, head, 0, head.length, 0);
    return head.equals(SQLITE_MAGIC);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether there is something in a file. An empty file is what a crash leaves right after a store was created.
 * @throws foreign errors of the file system
 */
export function hasContent(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
