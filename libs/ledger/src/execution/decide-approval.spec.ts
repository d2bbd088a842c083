import type { Verdict } from '../commands.js';
import { digestFor, evaluate, judge, reserve, START_MS, Story, sweep, uuidFor, verdictOf } from './story.fixture.js';

const approval = { quorum: 2, roles: ['credit-officer', 'risk'], ttlMs: 60_000, separationOfDuties: true };

function escalated(more: Partial<typeof approval> = {}, verdict: Partial<Verdict> = {}): Story {
  const story = new Story();
  story.tell(evaluate('h', { verdict: verdictOf('escalated', { approval: { ...approval, ...more }, ...verdict }) }));
  return story;
}

describe('Approve', () => {
  it('admits with the quorum, and Evaluate then reserves', () => {
    const story = escalated();
    expect(story.ask(judge('Approve', 'ann', story.execution))).toBe('done');
    expect(story.ask(reserve('h'))).toBe('NOT_RESERVABLE');
    expect(story.ask(judge('Approve', 'bob', story.execution))).toBe('done');
    expect(story.tell(evaluate('h')).answer).toEqual({ kind: 'reserved', decision: 0n, reservation: 3n });
  });

  it('of one approver counts once, however often it is sent', () => {
    const story = escalated();
    story.tell(judge('Approve', 'ann', story.execution));
    expect(story.tell(judge('Approve', 'ann', story.execution)).answer).toEqual({
      kind: 'done',
      revision: 1n,
      replayed: true,
    });
    expect(story.execution.standing.kind).toBe('escalated');
    story.tell(judge('Approve', 'bob', story.execution));
    expect(story.ask(judge('Approve', 'ann', story.execution))).toBe('done again');
  });

  it('needs one of the roles, and records the one used', () => {
    const story = escalated();
    expect(story.ask(judge('Approve', 'ann', story.execution, { approverRoles: ['clerk'] }))).toBe(
      'APPROVER_NOT_ALLOWED',
    );
    story.tell(judge('Approve', 'ann', story.execution, { approverRoles: ['clerk', 'risk'] }));
    expect(story.events[1]?.data).toMatchObject({ approverRole: 'risk' });
    const nobody = escalated({ roles: [] });
    expect(nobody.ask(judge('Approve', 'ann', nobody.execution))).toBe('APPROVER_NOT_ALLOWED');
  });

  it('is not for who asked, where duties are separated', () => {
    const story = escalated();
    expect(story.ask(judge('Approve', 'service-a', story.execution))).toBe('APPROVER_NOT_ALLOWED');
    const alone = escalated({ separationOfDuties: false, quorum: 1 });
    expect(alone.ask(judge('Approve', 'service-a', alone.execution))).toBe('done');
  });

  it('is not for who asked in an earlier evaluation either', () => {
    const story = new Story();
    story.tell(evaluate('h', { verdict: verdictOf('denied'), actor: { id: 'ann', role: 'caller' } }));
    const verdict = verdictOf('escalated', { approval });
    story.tell(evaluate('h', { n: 1, verdict, reevaluate: uuidFor(1_000) as never }));
    expect(story.ask(judge('Approve', 'ann', story.execution))).toBe('APPROVER_NOT_ALLOWED');
  });

  it('binds to the decision and its content', () => {
    const story = escalated();
    expect(story.ask(judge('Approve', 'ann', story.execution, { decisionDigest: digestFor('other') }))).toBe(
      'NOT_ESCALATED',
    );
    expect(story.ask(judge('Approve', 'ann', story.execution, { decisionId: uuidFor(5) as never }))).toBe(
      'NOT_ESCALATED',
    );
    expect(story.events.length).toBe(1);
  });

  it('comes before the wait is over', () => {
    const story = escalated().later(60_000);
    const { answer } = story.tell(judge('Approve', 'ann', story.execution));
    expect(answer).toMatchObject({ code: 'NOT_ESCALATED', details: { because: 'approval_expired' } });
    expect(story.types).toEqual(['DecisionEscalated', 'ApprovalExpired']);
    expect(story.ask(evaluate('h'))).toBe('replayed');
  });

  it('bounds the admission: the grounds of the decision, and ttl from the first approval on', () => {
    const story = escalated().later(50_000);
    story.tell(judge('Approve', 'ann', story.execution));
    story.later(9_999).tell(judge('Approve', 'bob', story.execution));
    expect(story.execution.standing).toMatchObject({ kind: 'admitted', validUntilMs: START_MS + 110_000 });
    const aged = escalated({ quorum: 1 }, { validUntilMs: START_MS + 5_000 });
    aged.tell(judge('Approve', 'ann', aged.execution));
    expect(aged.later(5_000).ask(reserve('h'))).toBe('ADMISSION_LAPSED');
  });

  it('has nothing to approve where nothing waits', () => {
    const story = new Story();
    expect(story.ask(judge('Approve', 'ann', { decision: {} } as never))).toBe('EXECUTION_NOT_FOUND');
    story.tell(evaluate(null));
    expect(story.ask(judge('Approve', 'ann', story.execution))).toBe('NOT_ESCALATED');
  });
});

describe('Reject', () => {
  it('denies, whatever was approved before', () => {
    const story = escalated();
    story.tell(judge('Approve', 'ann', story.execution));
    expect(story.ask(judge('Reject', 'bob', story.execution))).toBe('done');
    expect(story.ask(judge('Approve', 'cid', story.execution))).toBe('NOT_ESCALATED');
    expect(story.tell(judge('Reject', 'bob', story.execution)).answer).toEqual({
      kind: 'done',
      revision: 2n,
      replayed: true,
    });
    expect(story.ask(reserve('h'))).toBe('NOT_RESERVABLE');
  });

  it('asks for the same rights as Approve', () => {
    const story = escalated();
    expect(story.ask(judge('Reject', 'service-a', story.execution))).toBe('APPROVER_NOT_ALLOWED');
  });
});

describe('an approval that nobody gives', () => {
  it('is expired by the sweeper, to a denial', () => {
    const story = escalated().later(59_999);
    expect(story.ask(sweep())).toBe('nothing');
    expect(story.later(1).ask(sweep())).toBe('done');
    expect(story.execution.standing).toMatchObject({ kind: 'denied', because: 'approval_expired' });
  });

  it('may be evaluated again by naming it', () => {
    const story = escalated().later(60_000);
    const again = evaluate('h', { n: 1, verdict: verdictOf('denied'), reevaluate: uuidFor(1_000) as never });
    expect(story.tell(again).answer).toEqual({ kind: 'decided', decision: 2n });
    expect(story.types).toEqual(['DecisionEscalated', 'ApprovalExpired', 'DecisionDenied']);
  });
});
