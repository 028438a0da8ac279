import { create } from '@bufbuild/protobuf';
import type {
  LimitKeyAttribute,
  LimitKeyPart,
  RateLimit,
  RateLimitRule,
  RequestLimit,
  ServiceKey,
  SharedCounting,
} from '../../../../model/index.ts';
import {
  LimitKeyPartSchema,
  RateLimitRuleSchema,
  RateLimitSchema,
  RequestLimitSchema,
  SharedCountingSchema,
  LimitKeyAttribute as WireAttribute,
  type LimitKeyPart as WireLimitKeyPart,
  type RateLimit as WireRateLimit,
  type RateLimitRule as WireRateLimitRule,
  type RequestLimit as WireRequestLimit,
  type SharedCounting as WireSharedCounting,
} from '../../../generated/waypoint_rate_limit_pb.js';
import { enumTable } from '../../enum-table.ts';
import { badField, decodePort, requireText } from '../../field.ts';
import { decodeHead, encodeHead } from './admission-head.ts';
import { decodeCondition, encodeCondition } from './condition-codec.ts';

/** `nodemesh.waypoint.RateLimit`. */
export function encodeRateLimit(limit: RateLimit): WireRateLimit {
  return create(RateLimitSchema, {
    ...encodeHead(limit),
    rules: limit.rules.map(encodeRule),
    ...(limit.shared === undefined ? {} : { shared: encodeShared(limit.shared) }),
    announced: limit.announced,
  });
}

/** Throws ERR_WIRE_FIELD, naming the field. */
export function decodeRateLimit(message: WireRateLimit): RateLimit {
  const { shared, announced } = message;
  return {
    ...decodeHead('RateLimit', message, 'rate_limit'),
    rules: message.rules.map((rule, index) => decodeRule(rule, `rate_limit.rules[${index}]`)),
    shared: shared && decodeShared(shared, 'rate_limit.shared'),
    announced,
  };
}

function encodeRule({ name, conditions, limits }: RateLimitRule): WireRateLimitRule {
  return create(RateLimitRuleSchema, {
    name,
    conditions: conditions.map(encodeCondition),
    limits: limits.map(encodeLimit),
  });
}

function decodeRule(rule: WireRateLimitRule, path: string): RateLimitRule {
  return {
    name: requireText(rule.name, `${path}.name`),
    conditions: rule.conditions.map((one, index) => decodeCondition(one, `${path}.conditions[${index}]`)),
    limits: rule.limits.map((one, index) => decodeLimit(one, `${path}.limits[${index}]`)),
  };
}

function encodeLimit({ requests, intervalMs, burst, per }: RequestLimit): WireRequestLimit {
  return create(RequestLimitSchema, {
    requests: BigInt(requests),
    intervalMs: BigInt(intervalMs),
    burst: BigInt(burst),
    per: per.map(encodeKeyPart),
  });
}

/** The three numbers are divided by. */
function decodeLimit(limit: WireRequestLimit, path: string): RequestLimit {
  return {
    requests: positive(limit.requests, `${path}.requests`),
    intervalMs: positive(limit.intervalMs, `${path}.interval_ms`),
    burst: positive(limit.burst, `${path}.burst`),
    per: limit.per.map((part, index) => decodeKeyPart(part, `${path}.per[${index}]`)),
  };
}

function encodeKeyPart(part: LimitKeyPart): WireLimitKeyPart {
  return create(LimitKeyPartSchema, {
    part:
      part.kind === 'header'
        ? { case: 'header', value: part.name }
        : { case: 'attribute', value: ATTRIBUTES.encode(part.kind) },
  });
}

function decodeKeyPart({ part }: WireLimitKeyPart, path: string): LimitKeyPart {
  switch (part.case) {
    case 'header':
      return { kind: 'header', name: part.value };
    case 'attribute':
      return { kind: ATTRIBUTES.decode(part.value, path) };
    default:
      // One bucket for all is not what was written.
      throw badField(path, 'expected a kind of key that this version knows, got none');
  }
}

function encodeShared(shared: SharedCounting): WireSharedCounting {
  const { server, timeoutMs, failure, username, passwordFile } = shared;
  return create(SharedCountingSchema, {
    server:
      server.kind === 'service'
        ? { case: 'service', value: server.service }
        : { case: 'host', value: server.host },
    port: server.port,
    timeoutMs: BigInt(timeoutMs),
    failClosed: failure === 'closed',
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
  });
}

function decodeShared(shared: WireSharedCounting, path: string): SharedCounting {
  return {
    server: decodeServer(shared, path),
    timeoutMs: positive(shared.timeoutMs, `${path}.timeout_ms`),
    failure: shared.failClosed ? 'closed' : 'open',
    username: shared.username,
    passwordFile: shared.passwordFile,
  };
}

function decodeServer({ server, port }: WireSharedCounting, path: string): SharedCounting['server'] {
  const decodedPort = decodePort(port, `${path}.port`);
  switch (server.case) {
    case 'service': {
      const service = requireText(server.value, `${path}.service`) as ServiceKey;
      return { kind: 'service', service, port: decodedPort };
    }
    case 'host':
      return { kind: 'host', host: requireText(server.value, `${path}.host`), port: decodedPort };
    default:
      throw badField(path, 'expected a service or a host, got neither');
  }
}

function positive(value: bigint, path: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1)
    throw badField(path, `expected a whole number of at least 1, got ${value}`);
  return number;
}

const ATTRIBUTES = enumTable<LimitKeyAttribute>({
  identity: WireAttribute.IDENTITY,
  namespace: WireAttribute.NAMESPACE,
  address: WireAttribute.ADDRESS,
  service: WireAttribute.SERVICE,
  method: WireAttribute.METHOD,
  path: WireAttribute.PATH,
});
