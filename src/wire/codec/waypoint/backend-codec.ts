import { create } from '@bufbuild/protobuf';
import type { Backend, BackendTarget, HttpBackend, ServiceKey } from '../../../model/index.ts';
import {
  type BackendTarget as WireBackendTarget,
  BackendSchema,
  BackendTargetSchema,
  type Backend as WireBackend,
  type HttpBackend as WireHttpBackend,
  HttpBackendSchema,
} from '../../generated/waypoint_route_pb.js';
import { badField, decodePort, requireText } from '../field.ts';
import { decodeHttpFilter, encodeHttpFilter } from './http-filter-codec.ts';

export function encodeBackend({ weight, target }: Backend): WireBackend {
  return create(BackendSchema, { weight, target: encodeBackendTarget(target) });
}

export function decodeBackend(backend: WireBackend, path: string): Backend {
  return { weight: backend.weight, target: decodeBackendTarget(backend.target, `${path}.target`) };
}

export function encodeHttpBackend({ weight, target, filters }: HttpBackend): WireHttpBackend {
  return create(HttpBackendSchema, {
    weight,
    target: encodeBackendTarget(target),
    filters: filters.map(encodeHttpFilter),
  });
}

export function decodeHttpBackend(backend: WireHttpBackend, path: string): HttpBackend {
  return {
    weight: backend.weight,
    target: decodeBackendTarget(backend.target, `${path}.target`),
    filters: backend.filters.map((filter, index) => decodeHttpFilter(filter, `${path}.filters[${index}]`)),
  };
}

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
