import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT, manifestOf } from './scratch.js';

interface Step {
  readonly run?: string;
  readonly uses?: string;
}

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}

const folder = join(ROOT, '.github/workflows');
const steps = readdirSync(folder).flatMap((file) => {
  const { jobs } = parse(readFileSync(join(folder, file), 'utf8')) as Workflow;
  return Object.entries(jobs).flatMap(([job, { steps: own }]) =>
    own.map((step) => ({ where: `${file} ${job}`, step })),
  );
});
const scripts = Object.keys(manifestOf('.').scripts ?? {});

/** What runs in a workflow also runs on a developer's machine under the same name. */
function isOurs(line: string): boolean {
  if (line === '.ci/run' || line === 'npm ci') return true;
  const script = /^npm run ([a-z0-9:]+)$/.exec(line)?.[1] ?? /^npm (test)$/.exec(line)?.[1];
  return script !== undefined && scripts.includes(script);
}

describe('the workflows', () => {
  it('run something', () => {
    expect(steps.filter(({ step }) => step.run === '.ci/run')).not.toHaveLength(0);
  });

  it('run nothing but npm ci, npm scripts and .ci/run', () => {
    const lines = steps.flatMap(({ where, step }) =>
      (step.run ?? '')
        .split('\n')
        .filter(Boolean)
        .map((line) => ({ where, line: line.trim() })),
    );
    expect(lines.filter(({ line }) => !isOurs(line))).toEqual([]);
  });

  it('name every action by its commit', () => {
    const actions = steps.flatMap(({ step }) => step.uses ?? []);
    expect(actions.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([]);
  });
});
