import { z } from 'zod';

import { text, version } from '../http/fields.js';

/** Bodies and queries of `/v1/{tenant}/policies…`; unknown names are refused. Also the source of the OpenAPI document. */
export const PolicyTextBody = z.strictObject({
  text: z.string().min(1).max(1_048_576),
  format: z.enum(['yaml', 'json', 'auto']).default('auto'),
});

export const ActivateBody = z.strictObject({ version, reason: z.string().max(65_536).default('') });

export const RetireBody = z.strictObject({ version, reason: text });

export const VersionQuery = z
  .strictObject({ version: version.optional() })
  .transform((query) => (query.version === undefined ? {} : { version: query.version }));

export const DiffQuery = z
  .strictObject({ from: version, to: version })
  .transform(({ from, to }) => ({ fromVersion: from, toVersion: to }));
