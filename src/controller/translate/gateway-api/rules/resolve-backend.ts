import type { BackendTarget } from '../../../../model/index.ts';
import type { BackendReference } from '../../../objects/index.ts';
import type { ReferenceProblem } from './route-problem.ts';
import { isGranted, isServiceReference, type Referrer, type RouteReferences } from '../route-references.ts';

/** Where requests go, or why they get a 500. */
export interface ResolvedBackend {
  readonly target: BackendTarget;
  /** Why the target is `invalid`. */
  readonly problem: ReferenceProblem | undefined;
}

/** Where a backend reference leads. Leave is asked for first, so that nobody learns what there is elsewhere. */
export function resolveBackend(
  reference: BackendReference,
  referrer: Referrer,
  references: RouteReferences,
): ResolvedBackend {
  const found = findBackend(reference, referrer, references);
  if (!('reason' in found)) return { target: found, problem: undefined };
  return { target: { kind: 'invalid', ...found }, problem: found };
}

function findBackend(
  reference: BackendReference,
  referrer: Referrer,
  references: RouteReferences,
): Extract<BackendTarget, { kind: 'service' }> | ReferenceProblem {
  const { group, kind, name, port } = reference;
  const namespace = reference.namespace ?? referrer.namespace;
  if (!isServiceReference(reference)) {
    const message = `referencing unsupported backendRef: group ${JSON.stringify(group)} kind ${JSON.stringify(kind)}`;
    return { reason: 'InvalidKind', message };
  }
  if (
    namespace !== referrer.namespace &&
    referrer.onlyParent !== `${namespace}/${name}` &&
    !isGranted(references.grants(namespace), name)
  ) {
    const message = `backendRef ${name}/${namespace} not accessible to a ${referrer.kind} in namespace ${JSON.stringify(referrer.namespace)} (missing a ReferenceGrant?)`;
    return { reason: 'RefNotPermitted', message };
  }
  const service = references.service(namespace, name);
  if (service === undefined) {
    return { reason: 'BackendNotFound', message: `backend(${namespace}/${name}) not found` };
  }
  if (service.form === 'external') {
    const message = `backend(${service.hostname}) is of the type ExternalName, which is a name and no service`;
    return { reason: 'UnsupportedValue', message };
  }
  const found = service.ports.find((candidate) => candidate.port === port);
  if (found === undefined) {
    return { reason: 'BackendNotFound', message: `backend(${service.hostname}) has no port ${port}` };
  }
  if (!found.isTcp) {
    const message = `backend(${service.hostname}) has no TCP on port ${port}`;
    return { reason: 'UnsupportedProtocol', message };
  }
  const speaksHttp = referrer.kind === 'HTTPRoute' || referrer.kind === 'GRPCRoute';
  if (speaksHttp && found.wantsTls) {
    const message = `backend(${service.hostname}) wants TLS on port ${port} (appProtocol), and waypoints send HTTP`;
    return { reason: 'UnsupportedProtocol', message };
  }
  return { kind: 'service', service: service.key, port: found.port };
}
