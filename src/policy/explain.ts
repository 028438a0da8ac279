import type { AuthorizationPolicy, PolicyKey } from '../model/index.ts';
import type { L4Attributes } from './attributes.ts';
import type { Held } from './compile-policy.ts';
import { cutShort } from './cut-short.ts';
import type { Explanation } from './decision.ts';
import { ALLOWED_SENTENCE, listPolicies, withTexts } from './explanation-texts.ts';
import { remedyForDenial, remedyForMissing, remedyForUnclear, remedyForUnmatched } from './remedy.ts';

const NOWHERE = { rule: undefined, clause: undefined, match: undefined } as const;

/** Nothing that applies speaks against the connection. */
export const ALLOWED_BY_DEFAULT: Explanation = withTexts(undefined, NOWHERE, () => ALLOWED_SENTENCE);

/** A DENY policy matched, or one that was not understood. */
export function explainDenied(
  policy: AuthorizationPolicy,
  held: Held,
  attributes: L4Attributes,
): Explanation {
  const { notUnderstood } = policy;
  // No rule that anybody wrote has decided.
  if (notUnderstood !== undefined)
    return withTexts(
      policy.key,
      NOWHERE,
      () =>
        `refused by ${policy.key}, which was not understood (${cutShort(notUnderstood)}) and so refuses all that it selects: ${whoAndWhere(attributes)}`,
      () => remedyForUnclear(policy.key),
    );
  return withTexts(
    policy.key,
    held,
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
  return withTexts(
    policy.key,
    held,
    () => `allowed by ${policy.key} (${place(held)}): ${whoAndWhere(attributes)}`,
  );
}

/** There are ALLOW policies, and none of them matched. */
export function explainNoneAllowed(
  policies: readonly AuthorizationPolicy[],
  attributes: L4Attributes,
): Explanation {
  const unmatched = policies.map(({ key }) => key);
  return withTexts(
    undefined,
    { ...NOWHERE, unmatched },
    () => `allow policies exist, but none allowed: ${listPolicies(unmatched)}: ${whoAndWhere(attributes)}`,
    () => remedyForUnmatched(unmatched, attributes),
  );
}

/** A policy that may decide has not arrived. */
export function explainMissing(missing: readonly PolicyKey[], attributes: L4Attributes): Explanation {
  return withTexts(
    missing.length === 1 ? missing[0] : undefined,
    NOWHERE,
    () =>
      `the workload names ${missing.length === 1 ? 'a policy' : 'policies'} not received yet: ${listPolicies(missing)}: ${whoAndWhere(attributes)}`,
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
