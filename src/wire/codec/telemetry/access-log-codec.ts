import { create } from '@bufbuild/protobuf';
import type { AccessLogDestination, AccessLogSettings } from '../../../model/index.ts';
import {
  type AccessLog,
  AccessLogSchema,
  LogOutputSchema,
  OwnOutputSchema,
} from '../../generated/telemetry_pb.js';
import { decodeCollector, encodeCollector } from './collector-codec.ts';
import { decodeFormat, encodeFormat } from './line-format-codec.ts';

/** `nodemesh.telemetry.AccessLog`. */
export function encodeAccessLog({ provider, filter, destination }: AccessLogSettings): AccessLog {
  return create(AccessLogSchema, { provider, filter, destination: destinationOf(destination) });
}

/** Undefined: its records go where this version knows no way to. */
export function decodeAccessLog({ provider, filter, destination }: AccessLog): AccessLogSettings | undefined {
  const to = readDestination(destination);
  return to && { provider, filter, destination: to };
}

function destinationOf(destination: AccessLogDestination): AccessLog['destination'] {
  switch (destination.kind) {
    case 'own':
      return { case: 'own', value: create(OwnOutputSchema) };
    case 'log': {
      const format = destination.format && encodeFormat(destination.format);
      return {
        case: 'log',
        value: create(LogOutputSchema, format === undefined ? {} : { format }),
      };
    }
    case 'otlp':
      return { case: 'collector', value: encodeCollector(destination.collector) };
  }
}

function readDestination(destination: AccessLog['destination']): AccessLogDestination | undefined {
  switch (destination.case) {
    case 'own':
      return { kind: 'own' };
    case 'log':
      return { kind: 'log', format: decodeFormat(destination.value.format) };
    case 'collector':
      return { kind: 'otlp', collector: decodeCollector(destination.value) };
    default:
      return undefined;
  }
}
