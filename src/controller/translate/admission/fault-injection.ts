import { extensionKey } from '../../../model/index.ts';
import type { FaultInjectionObject } from '../../objects/index.ts';
import { type AdmissionOutcome, invalidCondition } from './admission-outcome.ts';
import { translateMatches } from './request-condition.ts';
import { resolveTargets, type TargetLookup } from './resolve-targets.ts';

/** `faults`: what the object's schema has against it; then nothing of it is in force. */
export function translateFaultInjection(
  { object, faults }: { readonly object: FaultInjectionObject; readonly faults: readonly string[] },
  lookup: TargetLookup,
  clusterDomain: string,
): AdmissionOutcome {
  const { namespace, name, createdMs } = object.meta;
  const matches = object.rules.map((rule, index) =>
    translateMatches(rule.matches, `spec.rules[${index}].matches`),
  );
  const problems = [...faults, ...matches.flatMap((match) => match.problems)];
  if (problems.length > 0)
    return { resource: undefined, condition: invalidCondition('it injects nothing', problems) };
  const { attachments, condition } = resolveTargets(object.targets, { namespace, clusterDomain }, lookup);
  return {
    resource: {
      kind: 'fault-injection',
      fault: {
        key: extensionKey('FaultInjection', namespace, name),
        namespace,
        name,
        createdMs,
        attachments,
        rules: object.rules.map(({ name: ruleName, delay, abort }, index) => ({
          name: ruleName,
          conditions: matches[index]?.conditions ?? [],
          delay: delay && { share: shareOf(delay), delayMs: delay.delayMs },
          abort: abort && {
            share: shareOf(abort),
            status: abort.status,
            grpcStatus: abort.grpcStatus,
          },
        })),
        maximumActive: object.maxActive,
      },
    },
    condition,
  };
}

function shareOf({ numerator, denominator }: { readonly numerator: number; readonly denominator: number }) {
  return { numerator, denominator };
}
