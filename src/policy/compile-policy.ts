import type { AuthorizationPolicy, Clause } from '../model/index.ts';
import { type CompiledMatch, compileMatch, type Judged } from './compile-match.ts';

/** Where a policy held: indexes count from 0; clause and match are undefined for a rule without matches. */
export interface Held {
  readonly rule: number;
  readonly clause: number | undefined;
  readonly match: number | undefined;
}

/** A policy with everything parsed that does not depend on the connection. */
export interface CompiledPolicy {
  readonly policy: AuthorizationPolicy;
  /** The first rule that holds, or undefined. */
  evaluate(judged: Judged): Held | undefined;
}

interface CompiledClause {
  readonly index: number;
  /** Undefined where a match names nothing, and so never holds. */
  readonly matches: readonly (CompiledMatch | undefined)[];
}

const compiled = new WeakMap<AuthorizationPolicy, CompiledPolicy>();

/** Compiles a policy once for as long as its object lives. */
export function compilePolicy(policy: AuthorizationPolicy): CompiledPolicy {
  const known = compiled.get(policy);
  if (known !== undefined) return known;
  const rules = policy.rules.map((rule) => compileClauses(rule.clauses));
  const made: CompiledPolicy = {
    policy,
    evaluate(judged) {
      for (const [rule, clauses] of rules.entries()) {
        const held = evaluateRule(clauses, judged);
        if (held !== undefined) return { rule, clause: held.clause, match: held.match };
      }
      return undefined;
    },
  };
  compiled.set(policy, made);
  return made;
}

/** A clause with no matches always holds, so it need not be looked at; indexes stay those of the policy. */
function compileClauses(clauses: readonly Clause[]): readonly CompiledClause[] {
  return clauses
    .map((clause, index) => ({ index, matches: clause.matches.map(compileMatch) }))
    .filter((clause) => clause.matches.length > 0);
}

/** All clauses must hold; a rule without any matches everything (wire.md §4.2). */
function evaluateRule(clauses: readonly CompiledClause[], judged: Judged): Omit<Held, 'rule'> | undefined {
  let first: Omit<Held, 'rule'> = { clause: undefined, match: undefined };
  for (const clause of clauses) {
    const match = clause.matches.findIndex((test) => test?.(judged) === true);
    if (match === -1) return undefined;
    if (first.clause === undefined) first = { clause: clause.index, match };
  }
  return first;
}
