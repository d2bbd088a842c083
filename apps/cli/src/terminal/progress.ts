import type { Output } from '../world.js';

export interface Progress {
  /** How much is done now; never goes back. */
  to(done: number): void;
  end(): void;
}

const BAR = 30;
const REDRAW_MS = 80;

/**
 * Progress on standard error: a bar where that is a terminal, else a line each 10 %, so that a log stays readable.
 * `total` may be unknown (0): then what was counted is shown, every 10,000.
 */
export function progressOn(output: Output, label: string, total: number, nowMs: () => number): Progress {
  return output.isTerminal ? bar(output, label, total, nowMs) : lines(output, label, total);
}

function bar(output: Output, label: string, total: number, nowMs: () => number): Progress {
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  let current = 0;
  const draw = (): void => {
    const share = total === 0 ? 0 : Math.min(1, current / total);
    const filled = Math.round(share * BAR);
    const shown = total === 0 ? `${current}` : `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${current}/${total}`;
    output.write(`\r\u001b[K${label} ${shown}`);
  };
  return {
    to(done) {
      current = done;
      if (nowMs() - drawnAtMs < REDRAW_MS) return;
      drawnAtMs = nowMs();
      draw();
    },
    end() {
      draw();
      output.write('\n');
    },
  };
}

function lines(output: Output, label: string, total: number): Progress {
  let told = 0;
  return {
    to(done) {
      const step = total === 0 ? Math.floor(done / 10_000) : Math.floor((done / total) * 10);
      if (step <= told) return;
      told = step;
      output.write(total === 0 ? `${label}: ${done}\n` : `${label}: ${Math.min(step, 10) * 10} % (${done}/${total})\n`);
    },
    end: () => undefined,
  };
}
