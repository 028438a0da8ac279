import type { RequestPolicy } from '../../model/index.ts';
import type { RequestAttributes } from './attributes.ts';
import { cutShort } from '../cut-short.ts';
import { ALLOWED_SENTENCE, listPolicies, withTexts } from '../explanation-texts.ts';
import { remedyForDenial, remedyForUnclear, remedyForUnmatched } from '../remedy.ts';
import { type CompiledRequestPolicy, type FailedTest, type HeldRule, nameOf } from './compile-rule.ts';
import type { JudgedRequest } from './judged-request.ts';
import type { RequestExplanation } from './request-decision.ts';

const NOWHERE = { rule: undefined, source: undefined, operation: undefined } as const;

/** Nothing that applies speaks against the request. */
export const NOTHING_AGAINST: RequestExplanation = withTexts(undefined, NOWHERE, () => ALLOWED_SENTENCE);

/** A DENY policy held, or one that was not understood and therefore refuses. */
export function explainDenial(
  policy: RequestPolicy,
  held: HeldRule,
  attributes: RequestAttributes,
): RequestExplanation {
  const { notUnderstood } = policy;
  // No rule that anybody wrote has decided.
  if (notUnderstood !== undefined)
    return withTexts(
      policy.key,
      NOWHERE,
      () =>
        `refused by ${policy.key}, which was not understood (${cutShort(notUnderstood)}) and so refuses all that it is attached to: ${whoAndWhat(attributes)}`,
      () => remedyForUnclear(policy.key),
    );
  return withTexts(
    policy.key,
    held,
    () => `explicitly denied by ${policy.key} (${place(held)}): ${whoAndWhat(attributes)}`,
    () => remedyForDenial(policy.key, held.rule, attributes),
  );
}

/** An ALLOW policy held, and nothing spoke against the request. */
export function explainPermission(
  policy: RequestPolicy,
  held: HeldRule,
  attributes: RequestAttributes,
): RequestExplanation {
  return withTexts(
    policy.key,
    held,
    () => `allowed by ${policy.key} (${place(held)}): ${whoAndWhat(attributes)}`,
  );
}

/** There are ALLOW policies, and none of them matched. */
export function explainNoPermission(
  allow: readonly CompiledRequestPolicy[],
  judged: JudgedRequest,
): RequestExplanation {
  const { attributes } = judged;
  const unmatched = allow.map(({ policy }) => policy.key);
  return withTexts(
    undefined,
    { ...NOWHERE, unmatched },
    () =>
      `allow policies exist, but none allowed: ${listPolicies(unmatched)}: ${whoAndWhat(attributes)}${nearMiss(allow, judged)}`,
    () => remedyForUnmatched(unmatched, attributes, whatOf(attributes)),
  );
}

/** A CUSTOM policy held: its external authorizer has the word. */
export function explainNeed(
  policy: RequestPolicy,
  held: HeldRule,
  attributes: RequestAttributes,
): RequestExplanation {
  return withTexts(policy.key, held, () => {
    const provider = policy.action.kind === 'custom' ? policy.action.provider : '';
    return `${policy.key} (${place(held)}) asks ${provider}: ${whoAndWhat(attributes)}`;
  });
}

/** Of all rules the one with the fewest parts that failed. */
function nearMiss(allow: readonly CompiledRequestPolicy[], judged: JudgedRequest): string {
  const missed = allow.flatMap((compiled) => {
    const nearest = compiled.nearest(judged);
    return nearest === undefined ? [] : [{ policy: compiled.policy.key, ...nearest }];
  });
  const [first] = missed.sort((a, b) => a.failed.length - b.failed.length);
  if (first === undefined) return '';
  return `; nearest was ${first.policy} rule ${first.rule + 1}, without ${first.failed.map(failedText).join(', ')}`;
}

function failedText({ part, place, test }: FailedTest): string {
  return `${part}${place === undefined ? '' : `[${place}]`} ${nameOf(test)}`;
}

/** People count from 1. */
function place({ rule, source, operation }: HeldRule): string {
  const from = source === undefined ? '' : `, from ${source + 1}`;
  const to = operation === undefined ? '' : `, to ${operation + 1}`;
  return `rule ${rule + 1}${from}${to}`;
}

function whoAndWhat({ source, sourceAddress, destinationPort, http }: RequestAttributes): string {
  const who = `${source?.id ?? 'no identity'} from ${sourceAddress}`;
  if (http === undefined) return `${who} to port ${destinationPort}`;
  return `${who}: ${shown(http.method)} ${shown(http.authority)}${shown(http.target.split('?')[0] ?? '')} on port ${destinationPort}`;
}

/** Of a request; a connection has nothing beside its port. */
function whatOf({ http }: RequestAttributes): string {
  return http === undefined ? '' : ` to ${shown(http.method)} ${shown(http.target.split('?')[0] ?? '')}`;
}

/** What a client wrote, made fit for one line of a log. */
function shown(text: string): string {
  const cut = text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
  return cut.replaceAll(/[^\x21-\x7e…]/g, '?');
}

const LONGEST_SHOWN = 200;
