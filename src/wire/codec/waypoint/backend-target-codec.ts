import { create } from '@bufbuild/protobuf';
import type { BackendTarget, ServiceKey } from '../../../model/index.ts';
import {
  type BackendTarget as WireBackendTarget,
  BackendTargetSchema,
} from '../../generated/waypoint_route_pb.js';
import { badField, decodePort, requireText } from '../field.ts';

/** `nodemesh.waypoint.BackendTarget`. */
export function encodeBackendTarget(target: BackendTarget): WireBackendTarget {
  return create(BackendTargetSchema, {
    target:
      target.kind === 'service'
        ? {
            case: 'service',
            value: {
              $typeName: 'nodemesh.waypoint.ServicePort',
              service: target.service,
              port: target.port,
            },
          }
        : {
            case: 'invalid',
            value: {
              $typeName: 'nodemesh.waypoint.InvalidBackend',
              reason: target.reason,
              message: target.message,
            },
          },
  });
}

/** Throws ERR_WIRE_FIELD for one of neither kind: requests must not go nowhere in silence. */
export function decodeBackendTarget(message: WireBackendTarget | undefined, path: string): BackendTarget {
  const target = message?.target;
  switch (target?.case) {
    case 'service': {
      const service = requireText(target.value.service, `${path}.service`) as ServiceKey;
      return { kind: 'service', service, port: decodePort(target.value.port, `${path}.port`) };
    }
    case 'invalid':
      return { kind: 'invalid', reason: target.value.reason, message: target.value.message };
    default:
      throw badField(path, 'expected a service or why there is none, got neither');
  }
}
