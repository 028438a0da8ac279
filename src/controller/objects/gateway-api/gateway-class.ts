import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

/** gateway.networking.k8s.io GatewayClass: whose Gateways of this class are. */
export interface GatewayClassObject {
  readonly kind: 'GatewayClass';
  readonly meta: ObjectMeta;
  /** `nodemesh.io/mesh-controller`. */
  readonly controllerName: string;
}

export function parseGatewayClass(root: Field): GatewayClassObject {
  const meta = parseObjectMeta(root, 'none');
  const spec = root.key('spec').required().object();
  return {
    kind: 'GatewayClass',
    meta,
    controllerName:
      spec.key('controllerName').required().text({ minLength: 1, maxLength: 253, pattern: CONTROLLER }) ?? '',
  };
}

/** A domain and a path, as `example.net/gateway-controller`. */
const CONTROLLER =
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;
