import type { Command } from 'commander';
import { group, type Shell } from '../command.js';
import { changeCommand } from './policy/change.js';
import { diffCommand } from './policy/diff.js';
import { lintCommand } from './policy/lint.js';
import { listPoliciesCommand } from './policy/list.js';
import { publishCommand } from './policy/publish.js';
import { showPolicyCommand } from './policy/show.js';
import { testCommand } from './policy/test.js';

export function policyCommand(shell: Shell): Command {
  return group('policy', 'write, check, publish and compare policies', [
    lintCommand(shell),
    testCommand(shell),
    publishCommand(shell),
    changeCommand(shell, 'activate'),
    changeCommand(shell, 'retire'),
    diffCommand(shell),
    listPoliciesCommand(shell),
    showPolicyCommand(shell),
  ]);
}
