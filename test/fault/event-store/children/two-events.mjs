/**
 * One append of two known events, for fault injection at each of its system calls:
 * `two-events.mjs <path> <stream> <id> <id>`. Says the code of the answer, sends again while it is not settled.
 */
import { openStore } from '../../harness/open-store.mjs';
import { newEvent } from '../../harness/sample.mjs';

const [, , path, stream, ...ids] = process.argv;
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const events = ids.map((eventId) => newEvent({ eventId, data: Buffer.from(`{"of":"${eventId}"}`) }));
const opened = await openStore(`sqlite:${path}`, { mode: 'existing' }).catch((error) => {
  say({ open: error.code });
});
if (opened !== undefined) {
  const deadline = Date.now() + 3_000;
  for (let code = ''; code !== 'OK' && code !== 'AGAIN' && Date.now() < deadline;) {
    code = await opened.append(stream, 'no_stream', events).then(
      ({ alreadyAppended }) => (alreadyAppended ? 'AGAIN' : 'OK'),
      (error) => error.code,
    );
    say({ append: code });
    if (code !== 'OK' && code !== 'AGAIN') await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await opened.close();
}
