import type { AuthorizationPolicy, PolicyKey } from '../model/index.ts';
import type { L4Attributes } from './attributes.ts';
import type { Held } from './compile-policy.ts';
import { cutShort } from './cut-short.ts';
import type { Explanation } from './decision.ts';
import { remedyForDenial, remedyForMissing, remedyForUnclear, remedyForUnmatched } from './remedy.ts';

const NOWHERE = { rule: undefined, clause: undefined, match: undefined } as const;

/** An explanation whose texts are put together when somebody reads them: an allowed connection seldom needs one. */
function explain(
  held: Pick<Explanation, 'policy' | 'unmatched'> & (Held | typeof NOWHERE),
  sentence: () => string,
  remedy?: () => string,
): Explanation {
  let made: string | undefined;
  let remade: string | undefined;
  return {
    policy: held.policy,
    rule: held.rule,
    clause: held.clause,
    match: held.match,
    ...(held.unmatched === undefined ? {} : { unmatched: held.unmatched }),
    get sentence() {
      made ??= sentence();
      return made;
    },
    get remedy() {
      remade ??= remedy?.();
      return remade;
    },
  };
}

/** Nothing that applies speaks against the connection. */
export const ALLOWED_BY_DEFAULT: Explanation = explain(
  { policy: undefined, ...NOWHERE },
  () => 'allowed: no ALLOW policy applies, and no DENY policy matches',
);

/** A DENY policy matched, or one that was not understood. */
export function explainDenied(
  policy: AuthorizationPolicy,
  held: Held,
  attributes: L4Attributes,
): Explanation {
  const { notUnderstood } = policy;
  // No rule that anybody wrote has decided.
  if (notUnderstood !== undefined)
    return explain(
      { policy: policy.key, ...NOWHERE },
      () =>
        `refused by ${policy.key}, which was not understood (${cutShort(notUnderstood)}) and so refuses all that it selects: ${whoAndWhere(attributes)}`,
      () => remedyForUnclear(policy.key),
    );
  return explain(
    { policy: policy.key, ...held },
    () => `explicitly denied by ${policy.key} (${place(held)}): ${whoAndWhere(attributes)}`,
    () => remedyForDenial(policy.key, held.rule, attributes),
  );
}

/** An ALLOW policy matched. */
export function explainAllowed(
  policy: AuthorizationPolicy,
  held: Held,
  attributes: L4Attributes,
): Explanation {
  return explain(
    { policy: policy.key, ...held },
    () => `allowed by ${policy.key} (${place(held)}): ${whoAndWhere(attributes)}`,
  );
}

/** There are ALLOW policies, and none of them matched. */
export function explainNoneAllowed(
  policies: readonly AuthorizationPolicy[],
  attributes: L4Attributes,
): Explanation {
  const unmatched = policies.map(({ key }) => key);
  return explain(
    { policy: undefined, ...NOWHERE, unmatched },
    () => `allow policies exist, but none allowed: ${list(unmatched)}: ${whoAndWhere(attributes)}`,
    () => remedyForUnmatched(unmatched, attributes),
  );
}

/** A policy that may decide has not arrived. */
export function explainMissing(missing: readonly PolicyKey[], attributes: L4Attributes): Explanation {
  return explain(
    { policy: missing.length === 1 ? missing[0] : undefined, ...NOWHERE },
    () =>
      `the workload names ${missing.length === 1 ? 'a policy' : 'policies'} not received yet: ${list(missing)}: ${whoAndWhere(attributes)}`,
    () => remedyForMissing(missing),
  );
}

/** People count from 1. */
function place(held: Held): string {
  const clause = held.clause === undefined ? '' : `, clause ${held.clause + 1}`;
  const match = held.match === undefined ? '' : `, match ${held.match + 1}`;
  return `rule ${held.rule + 1}${clause}${match}`;
}

function whoAndWhere(attributes: L4Attributes): string {
  const who = attributes.source?.id ?? 'no identity (plaintext)';
  return `${who} from ${attributes.sourceAddress} to port ${attributes.destinationPort}`;
}

const LONGEST_LIST = 10;

function list(keys: readonly PolicyKey[]): string {
  if (keys.length <= LONGEST_LIST) return keys.join(', ');
  return `${keys.slice(0, LONGEST_LIST).join(', ')} and ${keys.length - LONGEST_LIST} more`;
}
