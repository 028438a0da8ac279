import { type Attachment, gatewayKey, routeKey, serviceKey } from '../../../model/index.ts';
import type { TargetReference } from '../../objects/index.ts';
import { serviceHostname } from '../service-hostname.ts';
import type { AdmissionCondition } from './admission-outcome.ts';

/** What there is to be attached to in one namespace; undefined: there is no such thing. */
export interface TargetLookup {
  service(name: string): { readonly ports: readonly TargetPort[] } | undefined;
  /** A Gateway that stands for a waypoint. */
  waypoint(name: string): object | undefined;
  route(kind: 'HTTPRoute' | 'GRPCRoute', name: string): TargetRoute | undefined;
}

/** What policies want to know of a route. */
export interface TargetRoute {
  readonly ruleNames: readonly string[];
  /** Whether Services of other namespaces are among its parents. */
  readonly isOfConsumer: boolean;
}

/** What policies want to know of a Service's port. */
export interface TargetPort {
  readonly name: string;
  readonly servicePort: number;
}

/** What a policy is attached to, and what its status says of that. */
export interface ResolvedTargets {
  readonly attachments: readonly Attachment[];
  readonly condition: AdmissionCondition;
}

/**
 * What is not there (yet) is attached to all the same, so that it makes no difference which comes first; only a port that
 * has a name and is not there cannot be.
 */
export function resolveTargets(
  targets: readonly TargetReference[],
  place: { readonly namespace: string; readonly clusterDomain: string },
  lookup: TargetLookup,
): ResolvedTargets {
  const resolved = targets.map((target) => resolveTarget(target, place, lookup));
  const missing = resolved.flatMap(({ missing: text }) => text ?? []);
  return {
    attachments: resolved.flatMap(({ attachment }) => attachment ?? []),
    condition: conditionOf(targets.length, missing),
  };
}

interface ResolvedTarget {
  readonly attachment: Attachment | undefined;
  /** What there is not. */
  readonly missing: string | undefined;
}

function resolveTarget(
  { kind, name, section }: TargetReference,
  { namespace, clusterDomain }: { readonly namespace: string; readonly clusterDomain: string },
  lookup: TargetLookup,
): ResolvedTarget {
  switch (kind) {
    case 'Gateway': {
      const attachment: Attachment = { kind: 'gateway', gateway: gatewayKey(namespace, name) };
      const isThere = lookup.waypoint(name) !== undefined;
      return { attachment, missing: isThere ? undefined : `Gateway ${name}, or it is no waypoint` };
    }
    case 'Service': {
      const service = serviceKey(namespace, serviceHostname(name, namespace, clusterDomain));
      const found = lookup.service(name);
      const port = portOf(section, found?.ports ?? []);
      const isThere = found !== undefined && (section === undefined || hasPort(found.ports, port));
      const isPart = found !== undefined && section !== undefined;
      return {
        attachment:
          section !== undefined && port === undefined ? undefined : { kind: 'service', service, port },
        missing: isThere ? undefined : `${isPart ? `port ${section} of ` : ''}Service ${name}`,
      };
    }
    case 'HTTPRoute':
    case 'GRPCRoute': {
      const found = lookup.route(kind, name);
      const isThere = found !== undefined && (section === undefined || found.ruleNames.includes(section));
      const isPart = found !== undefined && section !== undefined;
      return {
        attachment: { kind: 'route', route: routeKey(kind, namespace, name), rule: section },
        missing: isThere ? undefined : `${isPart ? `rule ${section} of ` : ''}${kind} ${name}`,
      };
    }
  }
}

/** Digits are a number, since no port's name consists of digits alone. */
function portOf(section: string | undefined, ports: readonly TargetPort[]): number | undefined {
  if (section === undefined) return undefined;
  if (!/^\d{1,5}$/.test(section)) return ports.find(({ name }) => name === section)?.servicePort;
  const port = Number(section);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function hasPort(ports: readonly TargetPort[], port: number | undefined): boolean {
  return ports.some(({ servicePort }) => servicePort === port);
}

function conditionOf(count: number, missing: readonly string[]): AdmissionCondition {
  if (missing.length > 0) {
    const rest = missing.length < count ? '; it holds for its other targets' : '';
    return {
      status: 'False',
      reason: 'TargetNotFound',
      message: `there is no ${missing.join(', no ')}${rest}`,
    };
  }
  const message = count === 0 ? 'holds where a route names it by ExtensionRef' : 'in force';
  return { status: 'True', reason: 'Accepted', message };
}
