import { type Attachment, attachmentsOf, type WaypointResource } from '../../../model/index.ts';

/** What a waypoint was told that may refuse or change requests, beside routes. */
export interface Guard {
  /** `namespace/name` of the waypoint. */
  readonly waypoint: string;
  readonly kind: GuardKind;
  readonly namespace: string;
  readonly name: string;
  /** Of an AuthorizationPolicy. */
  readonly action?: string;
  readonly dryRun?: boolean;
  /** Why a policy could not be understood; then it refuses all that it is attached to. */
  readonly notUnderstood?: string;
  /** `service shop/cart:8080`; empty: only what names it. */
  readonly attachedTo: readonly string[];
}

/** The kinds of objects that guard. */
export type GuardKind =
  | 'AuthorizationPolicy'
  | 'RequestAuthentication'
  | 'RateLimit'
  | 'FaultInjection'
  | 'Filter'
  | 'TrafficPolicy';

/** From the `resources` of a waypoint's config dump; what is none is left out. */
export function guardsIn(waypoint: string, resources: unknown): readonly Guard[] {
  if (!Array.isArray(resources)) return [];
  return (resources as readonly WaypointResource[])
    .flatMap((resource) => guardOf(waypoint, resource) ?? [])
    .sort((a, b) => orderOf(a).localeCompare(orderOf(b)));
}

function guardOf(waypoint: string, resource: WaypointResource): Guard | undefined {
  const about = aboutOf(resource);
  if (about === undefined) return undefined;
  return { waypoint, ...about, attachedTo: attachmentsOf(resource).map(attachmentText) };
}

function aboutOf(resource: WaypointResource): Omit<Guard, 'waypoint' | 'attachedTo'> | undefined {
  switch (resource.kind) {
    case 'authorization': {
      const { namespace, name, action, dryRun, notUnderstood } = resource.policy;
      return {
        // What stands in for another kind that was not understood has that kind before its name.
        ...standsFor(name),
        namespace,
        action: action.kind === 'custom' ? `custom by ${action.provider}` : action.kind,
        dryRun,
        ...(notUnderstood === undefined ? {} : { notUnderstood }),
      };
    }
    case 'authentication':
      return named('RequestAuthentication', resource.authentication);
    case 'rate-limit':
      return named('RateLimit', resource.limit);
    case 'fault-injection':
      return named('FaultInjection', resource.fault);
    case 'filter':
      return named('Filter', resource.filter);
    case 'traffic':
      return named('TrafficPolicy', resource.policy);
    case 'route':
    case 'authorizer':
    case 'settings':
    case 'telemetry':
    case 'bound-service':
      return undefined;
  }
}

function standsFor(name: string): Pick<Guard, 'kind' | 'name'> {
  const prefix = 'RequestAuthentication:';
  return name.startsWith(prefix)
    ? { kind: 'RequestAuthentication', name: name.slice(prefix.length) }
    : { kind: 'AuthorizationPolicy', name };
}

function named(kind: GuardKind, { namespace, name }: { readonly namespace: string; readonly name: string }) {
  return { kind, namespace, name };
}

function attachmentText(attachment: Attachment): string {
  switch (attachment.kind) {
    case 'gateway':
      return `gateway ${attachment.gateway}`;
    case 'waypoints':
      return attachment.className === undefined ? 'every waypoint' : `class ${attachment.className}`;
    case 'service':
      return `service ${attachment.service}${attachment.port === undefined ? '' : `:${attachment.port}`}`;
    case 'route':
      return `${attachment.route.replace('/', ' ')}${attachment.rule === undefined ? '' : ` rule ${attachment.rule}`}`;
  }
}

function orderOf({ kind, namespace, name }: Guard): string {
  return `${KIND_ORDER.indexOf(kind)} ${namespace}/${name}`;
}

/** As a request meets them. */
const KIND_ORDER: readonly GuardKind[] = [
  'RequestAuthentication',
  'AuthorizationPolicy',
  'RateLimit',
  'FaultInjection',
  'Filter',
  'TrafficPolicy',
];
