import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { LogRecord } from './records.js';

/** Which records a server-side filter lets through; `undefined` where there is no filter. */
export function filterOf(
  filter: ReadReq.Options.FilterOptions | undefined,
): ((record: LogRecord) => boolean) | undefined {
  const byStream = filter?.getStreamIdentifier();
  const expression = byStream ?? filter?.getEventType();
  if (expression === undefined) return undefined;
  const subject = (record: LogRecord): string => (byStream === undefined ? record.type : record.stream);
  const pattern = expression.getRegex();
  if (pattern === '') {
    const prefixes = expression.getPrefixList();
    return (record) => prefixes.some((prefix) => subject(record).startsWith(prefix));
  }
  const regex = new RegExp(pattern, 'u');
  return (record) => regex.test(subject(record));
}
