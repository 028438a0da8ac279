import { create } from '@bufbuild/protobuf';
import type { ProxyDiscovery, ProxyDiscoveryType } from '../../../model/index.ts';
import { badField } from '../../codec/field.ts';
import {
  type Discovery,
  DiscoverySchema,
  type DiscoveryType,
  DiscoveryTypeSchema,
} from '../../generated/observation_pb.js';
import { decodeAmount, decodeTime } from './number-field.ts';
import { cut, shortText } from './text-field.ts';

/** `nodemesh.observation.v1.Discovery`. */
export function encodeDiscovery(discovery: ProxyDiscovery): Discovery {
  const { pushP50Ms, pushP99Ms, types, ...rest } = discovery;
  const message = create(DiscoverySchema, { ...rest, types: types.map(encodeType) });
  if (pushP50Ms !== undefined) message.pushP50Ms = pushP50Ms;
  if (pushP99Ms !== undefined) message.pushP99Ms = pushP99Ms;
  return message;
}

/** Throws WireError ERR_WIRE_FIELD. */
export function decodeDiscovery(message: Discovery, path: string): ProxyDiscovery {
  const { types, pushP50Ms, pushP99Ms } = message;
  if (types.length > MOST_TYPES)
    throw badField(`${path}.types`, `expected ${MOST_TYPES} at most, got ${types.length}`);
  return {
    atMs: decodeTime(message.atMs, `${path}.at_ms`),
    connectedMs: decodeTime(message.connectedMs, `${path}.connected_ms`),
    version: shortText(message.version, `${path}.version`),
    types: types.map((type, index) => decodeType(type, `${path}.types[${index}]`)),
    pushP50Ms: pushP50Ms === undefined ? undefined : decodeAmount(pushP50Ms, `${path}.push_p50_ms`),
    pushP99Ms: pushP99Ms === undefined ? undefined : decodeAmount(pushP99Ms, `${path}.push_p99_ms`),
  };
}

function encodeType({ behindSinceMs, rejection, ...rest }: ProxyDiscoveryType): DiscoveryType {
  const message = create(DiscoveryTypeSchema, { ...rest, ...(rejection && { rejection }) });
  if (behindSinceMs !== undefined) message.behindSinceMs = behindSinceMs;
  return message;
}

function decodeType(message: DiscoveryType, path: string): ProxyDiscoveryType {
  const { behindSinceMs, rejection } = message;
  return {
    typeUrl: shortText(message.typeUrl, `${path}.type_url`),
    sent: shortText(message.sent, `${path}.sent`),
    acknowledged: shortText(message.acknowledged, `${path}.acknowledged`),
    acknowledgedMs: decodeTime(message.acknowledgedMs, `${path}.acknowledged_ms`),
    behindSinceMs:
      behindSinceMs === undefined ? undefined : decodeTime(behindSinceMs, `${path}.behind_since_ms`),
    rejection: rejection && { version: cut(rejection.version), message: cut(rejection.message) },
  };
}

/** Ours are nine, and a proxy with two generations has them twice. */
const MOST_TYPES = 100;
