import { LedgerError } from '@writ/errors';
import { parseSettings } from '@writ/instance';

import { serve } from './serve.js';

/** BSD `EX_CONFIG`. */
const EXIT_CONFIGURATION = 78;

/** The server by itself, for `npm run dev`; `writ serve` is the same with flags. */
try {
  process.exit(await serve(parseSettings(process.env), { create: true }));
} catch (error) {
  if (!(error instanceof LedgerError)) throw error;
  process.stderr.write(`${error.code}: ${error.message} ${JSON.stringify(error.details)}\n`);
  process.exit(EXIT_CONFIGURATION);
}
