/**
 * A whole server that loads first and opens when it is told to: one line {env} on standard input. Says
 * {loadedInMs}, then {readyInMs, workedMs, grpcPort, httpPort}. Loading is told as the processor's time, because it runs beside the
 * load on another server; opening as time that passed. Ready is both; `workedMs` is the processor's time for
 * both, which a busy machine does not change.
 */
import { createInterface } from 'node:readline';

const { parseSettings } = await import('../../../../libs/instance/dist/index.js');
const { serve } = await import('../../../../apps/ledger/dist/index.js');
const { user, system } = process.cpuUsage();
const loadedInMs = (user + system) / 1_000;
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
say({ loadedInMs });
const input = createInterface({ input: process.stdin });
const line = await new Promise((resolve) => input.once('line', resolve));
const told = performance.now();
await serve(parseSettings(JSON.parse(line).env), {
  create: true,
  onServing: ({ grpcPort, httpPort }) => {
    const { user: userUs, system: systemUs } = process.cpuUsage();
    say({
      readyInMs: loadedInMs + performance.now() - told,
      workedMs: (userUs + systemUs) / 1_000,
      grpcPort,
      httpPort,
    });
  },
});
process.exit(0);
