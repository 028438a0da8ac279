import { create } from '@bufbuild/protobuf';
import type { TelemetryCollector } from '../../../model/index.ts';
import { type Collector, CollectorSchema, Protocol } from '../../generated/telemetry_pb.js';

/** `nodemesh.telemetry.Collector`. */
export function encodeCollector({ endpoint, protocol, headers }: TelemetryCollector): Collector {
  return create(CollectorSchema, {
    endpoint,
    protocol: protocol === 'http' ? Protocol.HTTP : Protocol.GRPC,
    headers: headers.map(([name, value]) => ({ name, value })),
  });
}

/** Never throws: a protocol that this version does not know is taken for gRPC. */
export function decodeCollector({ endpoint, protocol, headers }: Collector): TelemetryCollector {
  return {
    endpoint,
    protocol: protocol === Protocol.HTTP ? 'http' : 'grpc',
    headers: headers.map(({ name, value }) => [name, value] as const),
  };
}
