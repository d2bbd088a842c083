/** A skipped check is not a passed one. */
export type CheckStatus = 'passed' | 'failed' | 'skipped';

/** What evidence can come to, each holding all that the one before it says. */
export type Profile = 'recorded' | 'decided' | 'reevaluated';
