/** How many witnesses, and which, must have cosigned. A tree: a name is a member of one group at most. */
export type Quorum =
  | { readonly kind: 'none' }
  | { readonly kind: 'witness'; readonly name: string }
  | { readonly kind: 'group'; readonly name: string; readonly threshold: number; readonly members: readonly Member[] };

/** A member of a group: `none` is not one. */
export type Member = Exclude<Quorum, { readonly kind: 'none' }>;

/** `true` where the witnesses with these names (of the policy, not of their keys) are enough. */
export function meetsQuorum(quorum: Quorum, cosigned: ReadonlySet<string>): boolean {
  switch (quorum.kind) {
    case 'none':
      return true;
    case 'witness':
      return cosigned.has(quorum.name);
    case 'group':
      return quorum.members.filter((member) => meetsQuorum(member, cosigned)).length >= quorum.threshold;
  }
}
