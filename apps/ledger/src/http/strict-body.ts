import { parseJson } from '@writ/encoding';
import { RejectedError } from '@writ/errors';
import type { FastifyInstance } from 'fastify';
import { type z } from 'zod';

/** Bodies go through our own parser: the platform's hides duplicate names and rounds numbers (docs/spec/json.md). */
export function useStrictBodies(fastify: FastifyInstance, maxBytes: number): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: maxBytes },
    (request, body, done) => {
      try {
        const encoding = request.headers['content-encoding'];
        if (encoding !== undefined && encoding !== 'identity') {
          throw new RejectedError('REQUEST_INVALID', 'a compressed body is not accepted', {
            field: 'content-encoding',
          });
        }
        done(null, parseJson(body, { maxBytes }));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

/** What `schema` makes of `value`. Throws REQUEST_INVALID naming the first field that does not fit. */
export function readWith<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = (issue?.path ?? []).map(String).join('.');
  const name = path === '' ? 'body' : path;
  throw new RejectedError('REQUEST_INVALID', `\`${name}\`: ${wanted(issue)}`, { field: name });
}

function wanted(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'unrecognized_keys') return 'holds a name that is not known here';
  const text = issue?.message ?? 'is not valid';
  return text.charAt(0).toLowerCase() + text.slice(1);
}
