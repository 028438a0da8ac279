import { create } from '@bufbuild/protobuf';
import type { Backend, HttpBackend } from '../../../model/index.ts';
import {
  BackendSchema,
  type Backend as WireBackend,
  type HttpBackend as WireHttpBackend,
  HttpBackendSchema,
} from '../../generated/waypoint_route_pb.js';
import { decodeHttpFilter, encodeHttpFilter } from './http-filter-codec.ts';
import { encodeBackendTarget, decodeBackendTarget } from './backend-target-codec.ts';

/** `nodemesh.waypoint.Backend`. */
export function encodeBackend({ weight, target }: Backend): WireBackend {
  return create(BackendSchema, { weight, target: encodeBackendTarget(target) });
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeBackend(backend: WireBackend, path: string): Backend {
  return { weight: backend.weight, target: decodeBackendTarget(backend.target, `${path}.target`) };
}

/** `nodemesh.waypoint.HttpBackend`. */
export function encodeHttpBackend({ weight, target, filters }: HttpBackend): WireHttpBackend {
  return create(HttpBackendSchema, {
    weight,
    target: encodeBackendTarget(target),
    filters: filters.map(encodeHttpFilter),
  });
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeHttpBackend(backend: WireHttpBackend, path: string): HttpBackend {
  return {
    weight: backend.weight,
    target: decodeBackendTarget(backend.target, `${path}.target`),
    filters: backend.filters.map((filter, index) => decodeHttpFilter(filter, `${path}.filters[${index}]`)),
  };
}
