/** docs/openapi.json: the description of the HTTP edge, as the server serves it at `/openapi.json`. */
import { openApiDocument } from '../apps/ledger/dist/index.js';

export async function generate() {
  return [{ path: 'docs/openapi.json', text: `${JSON.stringify(openApiDocument(), null, 2)}\n` }];
}
