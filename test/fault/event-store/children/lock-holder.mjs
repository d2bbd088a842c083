/** Holds the write lock of a store: `lock-holder.mjs <path> <ms>`. Says when it has it, and when it let go. */
import { DatabaseSync } from '@photostructure/sqlite';

const [, , path, ms] = process.argv;
const connection = new DatabaseSync(path);
connection.exec('BEGIN IMMEDIATE');
console.log(JSON.stringify('held'));
await new Promise((resolve) => setTimeout(resolve, Number(ms)));
connection.exec('ROLLBACK');
console.log(JSON.stringify('released'));
