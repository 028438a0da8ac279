import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import { NAMESPACE, parseLocalReference } from './name-rules.ts';

/** gateway.networking.k8s.io GatewayClass: whose Gateways of this class are. */
export interface GatewayClassObject {
  readonly kind: 'GatewayClass';
  readonly meta: ObjectMeta;
  /** `nodemesh.io/waypoint-controller`. */
  readonly controllerName: string;
}

/** Accepts exactly what the CustomResourceDefinition does. */
export function parseGatewayClass(root: Field): GatewayClassObject {
  const meta = parseObjectMeta(root, 'none');
  const spec = root.key('spec').required().object(['controllerName', 'description', 'parametersRef']);
  spec.key('description').text({ maxLength: 64 });
  const parameters = spec.key('parametersRef');
  if (parameters.present) {
    parseLocalReference(parameters, ['namespace']);
    parameters.key('namespace').text(NAMESPACE);
  }
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
