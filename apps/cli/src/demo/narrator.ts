import { setTimeout as sleep } from 'node:timers/promises';
import { styleOf, type Style } from '../terminal/style.js';
import type { World } from '../world.js';

/** Tells the demo's story on screen, at a pace that a person can follow; at once where nobody watches. */
export interface Narrator {
  readonly style: Style;
  scene(title: string): Promise<void>;
  say(text: string): void;
}

const PAUSE_MS = 450;

export function narratorOn(world: World, options: { readonly silent: boolean; readonly hurry: boolean }): Narrator {
  const style = styleOf(world, world.stdout);
  const pace = world.stdout.isTerminal && !options.hurry && !options.silent;
  const write = (text: string): void => {
    if (!options.silent) world.stdout.write(`${text}\n`);
  };
  let scenes = 0;
  return {
    style,
    async scene(title) {
      if (pace) await sleep(PAUSE_MS, undefined, { signal: world.interrupted });
      scenes += 1;
      write(`\n${style.bold(`${scenes}. ${title}`)}`);
    },
    say: (text) => write(text.replaceAll(/^(?=.)/gm, '   ')),
  };
}
