import {
  extensionKey,
  type LimitKeyPart,
  type RateLimitRule,
  type SharedCounting,
  serviceKey,
} from '../../../model/index.ts';
import type { GlobalCountingObject, RateLimitObject, RateLimitRuleObject } from '../../objects/index.ts';
import { serviceHostname } from '../service-hostname.ts';
import { type AdmissionCondition, type AdmissionOutcome, invalidCondition } from './admission-outcome.ts';
import { translateMatches } from './request-condition.ts';
import { resolveTargets, type TargetLookup, type TargetPort } from './resolve-targets.ts';

/** What a RateLimit may refer to. */
export interface RateLimitLookup extends TargetLookup {
  /** Where a shared limit is counted, in whatever namespace. */
  counter(namespace: string, name: string): { readonly ports: readonly TargetPort[] } | undefined;
}

/** `faults`: what the object's schema has against it; then nothing of it is in force. */
export function translateRateLimit(
  { object, faults }: { readonly object: RateLimitObject; readonly faults: readonly string[] },
  lookup: RateLimitLookup,
  clusterDomain: string,
): AdmissionOutcome {
  const { namespace, name, createdMs } = object.meta;
  const rules = object.rules.map(translateRule);
  const problems = [...faults, ...rules.flatMap((rule) => rule.problems)];
  if (problems.length > 0)
    return { resource: undefined, condition: invalidCondition('nothing is limited by it', problems) };
  const { attachments, condition } = resolveTargets(object.targets, { namespace, clusterDomain }, lookup);
  return {
    resource: {
      kind: 'rate-limit',
      limit: {
        key: extensionKey('RateLimit', namespace, name),
        namespace,
        name,
        createdMs,
        attachments,
        rules: rules.map(({ rule }) => rule),
        shared: object.global && translateGlobal(object.global, namespace, clusterDomain),
        announced: object.announce,
      },
    },
    condition: condition.status === 'False' ? condition : (counterProblem(object, lookup) ?? condition),
  };
}

/** A limit that nobody counts limits nothing, or lets nothing through: its author has to know. */
function counterProblem(
  { global, meta }: RateLimitObject,
  lookup: RateLimitLookup,
): AdmissionCondition | undefined {
  if (global?.server.kind !== 'service') return undefined;
  const { name, port } = global.server;
  const namespace = global.server.namespace === '' ? meta.namespace : global.server.namespace;
  const found = lookup.counter(namespace, name);
  if (found?.ports.some(({ servicePort }) => servicePort === port) === true) return undefined;
  const what = found === undefined ? '' : `port ${port} of `;
  const effect = global.failure === 'Closed' ? 'all requests are refused' : 'all requests pass';
  return {
    status: 'False',
    reason: 'TargetNotFound',
    message: `spec.global.service: there is no ${what}Service ${namespace}/${name} to count with, so ${effect} (failure: ${global.failure})`,
  };
}

function translateRule(
  { name, matches, limits }: RateLimitRuleObject,
  index: number,
): { readonly rule: RateLimitRule; readonly problems: readonly string[] } {
  const { conditions, problems } = translateMatches(matches, `spec.rules[${index}].matches`);
  const rule: RateLimitRule = {
    name,
    conditions,
    limits: limits.map(({ requests, intervalMs, burst, per }) => ({
      requests,
      intervalMs,
      burst,
      per: per.map(
        ({ type, header }): LimitKeyPart =>
          type === 'Header' ? { kind: 'header', name: header.toLowerCase() } : { kind: KEY_KINDS[type] },
      ),
    })),
  };
  return { rule, problems };
}

function translateGlobal(
  { server, username, passwordFile, timeoutMs, failure }: GlobalCountingObject,
  ownNamespace: string,
  clusterDomain: string,
): SharedCounting {
  const rest = {
    timeoutMs,
    failure: failure === 'Closed' ? 'closed' : 'open',
    username,
    passwordFile,
  } as const;
  if (server.kind === 'host') return { server, ...rest };
  const namespace = server.namespace === '' ? ownNamespace : server.namespace;
  const service = serviceKey(namespace, serviceHostname(server.name, namespace, clusterDomain));
  return { server: { kind: 'service', service, port: server.port }, ...rest };
}

const KEY_KINDS = {
  Identity: 'identity',
  Namespace: 'namespace',
  Address: 'address',
  Service: 'service',
  Method: 'method',
  Path: 'path',
} as const;
