/** What commands see of the world outside; tests bring their own. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** All of standard input. */
  readonly readStdin: () => Promise<string>;
  readonly nowMs: () => number;
  /** Aborts when the user interrupts. */
  readonly interrupted: AbortSignal;
}

export interface Output {
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
}

/** The process that this runs in. */
export function processWorld(interrupted: AbortSignal = new AbortController().signal): World {
  return {
    env: process.env,
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    readStdin,
    nowMs: () => Date.now(),
    interrupted,
  };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    columns: stream.columns ?? 100,
  };
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
