import { create } from '@bufbuild/protobuf';
import type { RequestView } from '../../../model/index.ts';
import { type Request, RequestSchema } from '../../generated/observation_pb.js';
import { decodeAmount, decodeTime, whole } from './number-field.ts';
import { decodeEnd, decodeService, encodeEnd, encodeService } from './traffic-message.ts';

/** `nodemesh.observation.v1.Request`. */
export function encodeRequest(request: RequestView): Request {
  const {
    source,
    destination,
    service,
    protocol,
    grpcStatus,
    status,
    attempts,
    proxy: _proxy,
    ...rest
  } = request;
  const message = create(RequestSchema, {
    ...rest,
    source: encodeEnd(source),
    destination: encodeEnd(destination),
    grpc: protocol === 'grpc',
    status: whole(status),
    attempts: whole(attempts),
  });
  if (service !== undefined) message.service = encodeService(service);
  if (grpcStatus !== undefined) message.grpcStatus = whole(grpcStatus);
  return message;
}

/** Throws WireError. */
export function decodeRequest(message: Request, proxy: string, path: string): RequestView {
  return {
    atMs: decodeTime(message.atMs, `${path}.at_ms`),
    proxy,
    source: decodeEnd(message.source),
    sourceAddress: message.sourceAddress,
    destination: decodeEnd(message.destination),
    service: decodeService(message.service, `${path}.service`),
    protocol: message.grpc ? 'grpc' : 'http',
    method: message.method,
    host: message.host,
    path: message.path,
    status: message.status,
    grpcStatus: message.grpcStatus,
    durationMs: decodeAmount(message.durationMs, `${path}.duration_ms`),
    attempts: message.attempts,
    route: message.route,
    reason: message.reason,
    policy: message.policy,
    traceId: message.traceId,
  };
}
