/** One system call as strace told it; `startLine` and `endLine` order calls of several threads. */
export interface TracedCall {
  readonly thread: string;
  readonly name: string;
  /** Everything between the parentheses. */
  readonly args: string;
  readonly result: string;
  /** The descriptor that it acts on, and the path that `strace -y` put behind it. */
  readonly descriptor: number | undefined;
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
}

const WHOLE = /^(\d+)\s+(\w+)\((.*)\)\s+= (.*)$/;
const UNFINISHED = /^(\d+)\s+(\w+)\((.*) <unfinished \.\.\.>$/;
const RESUMED = /^(\d+)\s+<\.\.\. (\w+) resumed>(.*)\)\s+= (.*)$/;
const DESCRIPTOR = /^(\d+)<([^>]*)>/;

/** Reads the output of `strace -f -y`: calls of several threads interleave, so each has a beginning and an end. */
export function parseTrace(text: string): readonly TracedCall[] {
  const calls: TracedCall[] = [];
  const open = new Map<string, { readonly args: string; readonly line: number }>();
  text.split('\n').forEach((line, at) => {
    const whole = WHOLE.exec(line);
    if (whole !== null) {
      const [, thread = '', name = '', args = '', result = ''] = whole;
      calls.push(callOf(thread, name, args, result, at, at));
      return;
    }
    const unfinished = UNFINISHED.exec(line);
    if (unfinished !== null) {
      const [, thread = '', , args = ''] = unfinished;
      open.set(thread, { args, line: at });
      return;
    }
    const resumed = RESUMED.exec(line);
    if (resumed !== null) {
      const [, thread = '', name = '', rest = '', result = ''] = resumed;
      const begun = open.get(thread);
      open.delete(thread);
      calls.push(callOf(thread, name, (begun?.args ?? '') + rest, result, begun?.line ?? at, at));
    }
  });
  return calls.sort((a, b) => a.startLine - b.startLine);
}

function callOf(
  thread: string,
  name: string,
  args: string,
  result: string,
  startLine: number,
  endLine: number,
): TracedCall {
  const [, descriptor, path = ''] = DESCRIPTOR.exec(args) ?? [];
  return {
    thread,
    name,
    args,
    result,
    descriptor: descriptor === undefined ? undefined : Number(descriptor),
    path,
    startLine,
    endLine,
  };
}

export function isSync(call: TracedCall): boolean {
  return call.name === 'fsync' || call.name === 'fdatasync';
}
