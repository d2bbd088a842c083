import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { LedgerError } from '@writ/errors';
import { backupStore, checkStore, restoreStore } from './copy-store.js';
import type { FromMaintenance, MaintenanceTask } from './maintenance-message.js';
import { migrateStore } from './migrate-store.js';
import { failureCodeOf, failureOf } from './sqlite-failure.js';

async function serve(port: MessagePort, task: MaintenanceTask): Promise<void> {
  const post = (message: FromMaintenance): void => port.postMessage(message);
  try {
    switch (task.kind) {
      case 'backup':
        post({
          kind: 'copied',
          summary: await backupStore(task.source, task.target, (progress) => post({ kind: 'progress', progress })),
        });
        break;
      case 'restore':
        post({ kind: 'copied', summary: await restoreStore(task.source, task.target) });
        break;
      case 'migrate':
        post({ kind: 'migrated', report: migrateStore(task.path, { dryRun: task.dryRun }) });
        break;
      case 'check':
        post({ kind: 'sound', summary: checkStore(task.path) });
    }
  } catch (error) {
    const { code, message, details } = error instanceof LedgerError ? error : failureOf(failureCodeOf(error), error);
    post({ kind: 'failed', error: { code, message, details } });
  }
}

if (parentPort !== null) void serve(parentPort, workerData as MaintenanceTask);
