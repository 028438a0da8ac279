import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import { parseDuration } from './duration.ts';
import { parseGrpcFailure } from './grpc-failure.ts';
import { parseRequestMatches, type RequestMatch } from './request-match.ts';
import { parseRules } from './rule-list.ts';
import { parseTargetReferences, type TargetReference } from './target-reference.ts';

/** nodemesh.io FaultInjection. */
export interface FaultInjectionObject {
  readonly kind: 'FaultInjection';
  readonly meta: ObjectMeta;
  readonly targets: readonly TargetReference[];
  readonly rules: readonly FaultRuleObject[];
  readonly maxActive: number;
}

/** One rule, as it was written. */
export interface FaultRuleObject {
  readonly name: string;
  readonly matches: readonly RequestMatch[];
  readonly delay: (ShareObject & { readonly delayMs: number }) | undefined;
  readonly abort:
    | (ShareObject & {
        readonly status: number | undefined;
        readonly grpcStatus: number | undefined;
      })
    | undefined;
}

/** Which share of the requests. */
export interface ShareObject {
  readonly numerator: number;
  readonly denominator: number;
}

/** Accepts exactly what our CustomResourceDefinition does, and no unknown fields. */
export function parseFaultInjection(root: Field, defaultNamespace: string): FaultInjectionObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').required().object(['targetRefs', 'rules', 'maxActive']);
  return {
    kind: 'FaultInjection',
    meta,
    targets: parseTargetReferences(spec.key('targetRefs')),
    rules: parseRules(spec.key('rules'), parseRule),
    maxActive: spec.key('maxActive').integer({ minimum: 1, maximum: 100_000 }) ?? 1_000,
  };
}

function parseRule(field: Field, name: string): FaultRuleObject {
  field.object(['name', 'matches', 'delay', 'abort']);
  if (!field.key('delay').present && !field.key('abort').present)
    field.issue('a delay, an abort or both', 'neither');
  return {
    name,
    matches: parseRequestMatches(field.key('matches')),
    delay: parseDelay(field.key('delay')),
    abort: parseAbort(field.key('abort')),
  };
}

function parseDelay(field: Field): FaultRuleObject['delay'] {
  if (!field.present) return undefined;
  field.object(['duration', 'percent', 'fraction']);
  const duration = field.key('duration').required();
  return {
    ...parseShare(field),
    delayMs: parseDuration(duration, { minimum: '1ms', maximum: '10m' }) ?? 0,
  };
}

function parseAbort(field: Field): FaultRuleObject['abort'] {
  if (!field.present) return undefined;
  field.object(['status', 'grpcStatus', 'percent', 'fraction']);
  if (!field.key('status').present && !field.key('grpcStatus').present)
    field.issue('a status, a grpcStatus or both', 'neither');
  return {
    ...parseShare(field),
    status: field.key('status').integer({ minimum: 200, maximum: 599 }),
    grpcStatus: parseGrpcFailure(field.key('grpcStatus')),
  };
}

/** Of the requests; without a word all of them. */
function parseShare(field: Field): ShareObject {
  const percent = field.key('percent');
  const fraction = field.key('fraction').object(['numerator', 'denominator']);
  if (percent.present && fraction.present) field.issue('only one of percent and fraction', 'both');
  if (!fraction.present)
    return { numerator: percent.integer({ minimum: 0, maximum: 100 }) ?? 100, denominator: 100 };
  const numerator = fraction.key('numerator').required().integer({ minimum: 0, maximum: 1_000_000 }) ?? 0;
  const denominator = fraction.key('denominator').integer({ minimum: 1, maximum: 1_000_000 }) ?? 100;
  if (numerator > denominator) fraction.issue('a numerator of at most the denominator', `${numerator}`);
  return { numerator, denominator };
}
