import { type Attachment, type GatewayKey, gatewayKey, serviceKey } from '../../../model/index.ts';
import type { PolicyTargetReference } from '../../objects/index.ts';
import type { MeshSettings } from '../mesh-settings.ts';
import { serviceHostname } from '../service-hostname.ts';

/** What there is in the mesh that a policy can be attached to. */
export interface PolicyTargetLookup {
  /** `foreign`: it is there, and its Gateways are somebody else's. */
  gatewayClass(name: string): 'ours' | 'foreign' | undefined;
  /** A Gateway that stands for a waypoint. */
  waypoint(key: GatewayKey): object | undefined;
  /** The first of the waypoints that a service is bound to. */
  service(namespace: string, name: string): { readonly waypoint: GatewayKey | undefined } | undefined;
}

/** Where one of a policy's targetRefs leads. */
export interface PolicyBinding {
  /** Undefined: to nothing that anything could be attached to. */
  readonly attachment: Attachment | undefined;
  readonly bound: boolean;
  readonly reason: 'Accepted' | 'Invalid' | 'AncestorNotBound' | 'TargetNotFound';
  readonly message: string;
  /** `Service.core:shop/cart`, as Istio writes it. */
  readonly target: string;
}

/**
 * What a policy is attached to. What is not there (yet) is attached to all the same, so that it makes no difference which
 * comes first. References stay within the policy's namespace.
 */
export function bindPolicyTarget(
  reference: PolicyTargetReference,
  namespace: string,
  { settings, lookup }: { readonly settings: MeshSettings; readonly lookup: PolicyTargetLookup },
): PolicyBinding {
  const { group, kind, name } = reference;
  const key = `${namespace}/${name}`;
  const target = `${kind}.${group === '' ? 'core' : group}:${key}`;
  switch (`${group}/${kind}`) {
    case '/Service':
    case 'core/Service':
      return { target, ...bindService(namespace, name, settings, lookup) };
    case `${GATEWAY_GROUP}/Gateway`: {
      const gateway = gatewayKey(namespace, name);
      const attachment: Attachment = { kind: 'gateway', gateway };
      return lookup.waypoint(gateway) === undefined
        ? {
            target,
            attachment,
            ...notBound('TargetNotFound', `Gateway ${key} was not found, or is no waypoint of this mesh`),
          }
        : { target, attachment, ...boundTo(key) };
    }
    case `${GATEWAY_GROUP}/GatewayClass`:
      return { target, ...bindGatewayClass(name, namespace, settings, lookup) };
    default: {
      const message = `${kind} of the group "${group}" is nothing that a policy can be attached to here`;
      return { target, attachment: undefined, ...notBound('Invalid', message) };
    }
  }
}

type Bound = Omit<PolicyBinding, 'target' | 'attachment'>;

function bindService(
  namespace: string,
  name: string,
  settings: MeshSettings,
  lookup: PolicyTargetLookup,
): Omit<PolicyBinding, 'target'> {
  const hostname = serviceHostname(name, namespace, settings.clusterDomain);
  const attachment: Attachment = {
    kind: 'service',
    service: serviceKey(namespace, hostname),
    port: undefined,
  };
  const service = lookup.service(namespace, name);
  const key = `${namespace}/${name}`;
  if (service === undefined)
    return { attachment, ...notBound('TargetNotFound', `Service ${key} was not found`) };
  return service.waypoint === undefined
    ? { attachment, ...notBound('AncestorNotBound', `Service ${key} is not bound to a waypoint`) }
    : { attachment, ...boundTo(service.waypoint) };
}

/** A class reaches into every namespace, so only the root namespace may name one. */
function bindGatewayClass(
  name: string,
  namespace: string,
  settings: MeshSettings,
  lookup: PolicyTargetLookup,
): Omit<PolicyBinding, 'target'> {
  if (namespace !== settings.rootNamespace) {
    const message = `a policy for a GatewayClass must be in the root namespace ${settings.rootNamespace}`;
    return { attachment: undefined, ...notBound('Invalid', message) };
  }
  const attachment: Attachment = { kind: 'waypoints', className: name };
  switch (lookup.gatewayClass(name)) {
    case 'ours':
      return { attachment, ...boundTo(name) };
    case 'foreign':
      return {
        attachment: undefined,
        ...notBound('Invalid', `GatewayClass ${name} is not one of this mesh's waypoints`),
      };
    case undefined:
      return { attachment, ...notBound('TargetNotFound', `GatewayClass ${name} was not found`) };
  }
}

function boundTo(name: string): Bound {
  return { bound: true, reason: 'Accepted', message: `bound to ${name}` };
}

function notBound(reason: Bound['reason'], message: string): Bound {
  return { bound: false, reason, message };
}

const GATEWAY_GROUP = 'gateway.networking.k8s.io';
