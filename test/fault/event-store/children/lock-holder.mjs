/** Holds the write lock of a store: `lock-holder.mjs <path> <ms>`. Says when it has it, and when it let go. */
import { connectWriter } from '../../../../libs/event-store-sqlite/dist/connection.js';

const [, , path, ms] = process.argv;
const connection = connectWriter(path, 0);
connection.exec('BEGIN IMMEDIATE');
console.log(JSON.stringify('held'));
await new Promise((resolve) => setTimeout(resolve, Number(ms)));
connection.exec('ROLLBACK');
console.log(JSON.stringify('released'));
