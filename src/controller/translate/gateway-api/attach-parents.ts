import type { RouteParent } from '../../../model/index.ts';
import type { ParentReference, RouteObject } from '../../objects/index.ts';
import type { MeshSettings } from '../mesh-settings.ts';
import { WAYPOINT_CONTROLLERS } from '../waypoint/index.ts';
import { isServiceReference } from './route-references.ts';
import type { ServiceFacts, ServicePortFacts } from './service-facts.ts';

/** What a route's parents lead to. */
export interface ParentLookup {
  service(namespace: string, name: string): ServiceFacts | undefined;
  /** The controller of a Gateway of ours; undefined: there is none, or it is somebody else's. */
  gatewayController(namespace: string, name: string): string | undefined;
  /** What another route says that has the port, and so keeps this one from it. */
  occupant(parent: ParentReference, port: ServicePortFacts): string | undefined;
}

/** What becomes of one parent that is for us to judge. */
export interface ParentOutcome {
  readonly reference: ParentReference;
  readonly controllerName: string;
  /** Empty: it is not accepted. */
  readonly accepted: readonly RouteParent[];
  /** Of the condition Accepted; undefined: the rules decide. */
  readonly refusal: ParentRefusal | undefined;
  /** The service that has accepted it, if no waypoint is on the way to it. */
  readonly withoutWaypoint: string | undefined;
  /** What an author should know although it is accepted; empty: nothing. */
  readonly remark: string;
}

/** Why a parent does not accept the route, in the words of the Gateway API. */
export interface ParentRefusal {
  readonly reason: 'NoMatchingParent' | 'NotAllowedByListeners' | 'UnsupportedValue' | 'Conflicted';
  readonly message: string;
}

/** For each parent that is ours; others are left to whose they are. */
export function attachParents(object: RouteObject, lookup: ParentLookup): readonly ParentOutcome[] {
  return object.parentRefs.flatMap((reference): readonly ParentOutcome[] => {
    if (isServiceReference(reference)) return [attachToService(object, reference, lookup)];
    const outcome = attachToGateway(object, reference, lookup);
    return outcome === undefined ? [] : [outcome];
  });
}

/** Who speaks for Services. */
export const SERVICE_CONTROLLER: (typeof WAYPOINT_CONTROLLERS)[number] = 'nodemesh.io/waypoint-controller';

/** Under these names entries of a route's status are ours; side by side, Istio's are Istio's. */
export function routeControllers({ sideBySide }: Pick<MeshSettings, 'sideBySide'>): readonly string[] {
  return sideBySide === true ? [SERVICE_CONTROLLER] : WAYPOINT_CONTROLLERS;
}

function attachToService(
  object: RouteObject,
  reference: ParentReference,
  lookup: ParentLookup,
): ParentOutcome {
  const head = { reference, controllerName: SERVICE_CONTROLLER };
  const refuse = (reason: ParentRefusal['reason'], message: string): ParentOutcome => ({
    ...head,
    accepted: [],
    refusal: { reason, message },
    withoutWaypoint: undefined,
    remark: '',
  });
  const service = lookup.service(reference.namespace ?? object.meta.namespace, reference.name);
  if (service === undefined) {
    return refuse('NoMatchingParent', `parent service: ${JSON.stringify(reference.name)} not found`);
  }
  if (service.form !== 'cluster') {
    const message = `parent service: ${JSON.stringify(reference.name)} ${FORMS[service.form]}, so that nothing sent to it goes through a waypoint`;
    return refuse('UnsupportedValue', message);
  }
  const found = portsOf(service, reference);
  if (typeof found === 'string') return refuse('NoMatchingParent', found);
  const occupants = found.map((port) => lookup.occupant(reference, port));
  const free = found.filter((_port, index) => occupants[index] === undefined);
  const taken = [...new Set(occupants.flatMap((text) => text ?? []))].join('; ');
  if (found.length > 0 && free.length === 0) return refuse('Conflicted', taken);
  const isWhole = reference.port === undefined && reference.sectionName === undefined && taken === '';
  return {
    ...head,
    accepted: isWhole
      ? [{ service: service.key, port: undefined }]
      : free.map(({ port }) => ({ service: service.key, port })),
    refusal: undefined,
    withoutWaypoint: service.hasWaypoint ? undefined : `${service.namespace}/${service.name}`,
    remark: taken === '' ? '' : `not on all ports: ${taken}`,
  };
}

/** The ports that a reference means, or why it means none. Connections are TCP. */
function portsOf(
  { ports }: ServiceFacts,
  { port, sectionName }: ParentReference,
): readonly ServicePortFacts[] | string {
  const numbered = ports.filter(
    (candidate) => candidate.isTcp && (port === undefined || candidate.port === port),
  );
  if (port !== undefined && numbered.length === 0) return `port ${port} not found`;
  const named = numbered.filter(({ name }) => sectionName === undefined || name === sectionName);
  if (sectionName !== undefined && named.length === 0)
    return `sectionName ${JSON.stringify(sectionName)} not found`;
  return named;
}

/** A waypoint's listener takes tunnels; what is inside is routed by the service that it is for. */
function attachToGateway(
  { kind, meta: { namespace } }: RouteObject,
  reference: ParentReference,
  lookup: ParentLookup,
): ParentOutcome | undefined {
  if (reference.group !== 'gateway.networking.k8s.io' || reference.kind !== 'Gateway') return undefined;
  const controllerName = lookup.gatewayController(reference.namespace ?? namespace, reference.name);
  if (controllerName === undefined) return undefined;
  const message = `kind ${kind} is not allowed: a waypoint takes routes by the Service that they are for, so use a parentRef of kind Service`;
  return {
    reference,
    controllerName,
    accepted: [],
    refusal: { reason: 'NotAllowedByListeners', message },
    withoutWaypoint: undefined,
    remark: '',
  };
}

const FORMS = {
  headless: 'has no cluster IP',
  external: 'is of the type ExternalName',
} as const;
