import { create } from '@bufbuild/protobuf';
import type {
  HashCookie,
  HashKey,
  HashTable,
  LoadBalancer,
  LocalityPreference,
  LocalityScope,
  SlowStart,
} from '../../../model/index.ts';
import {
  type ConsistentHash as WireConsistentHash,
  ConsistentHashSchema,
  type HashCookie as WireHashCookie,
  HashCookieSchema,
  HashTableKind,
  LeastRequestSchema,
  type LoadBalancer as WireLoadBalancer,
  LoadBalancerSchema,
  type LocalityPreference as WireLocality,
  LocalityMode,
  LocalityPreferenceSchema,
  LocalityScope as WireLocalityScope,
  PeakEwmaSchema,
  RandomSchema,
  RoundRobinSchema,
  type SlowStart as WireSlowStart,
  SlowStartSchema,
  SourceIpSchema,
} from '../../generated/waypoint_traffic_pb.js';
import { enumTable } from '../enum-table.ts';
import { badField, requireText } from '../field.ts';
import { decodeMs, encodeMs } from './milliseconds.ts';

const TABLES = enumTable<HashTable['kind']>({ maglev: HashTableKind.MAGLEV, ring: HashTableKind.RING });

const MODES = enumTable<LocalityPreference['mode']>({
  strict: LocalityMode.STRICT,
  failover: LocalityMode.FAILOVER,
  none: LocalityMode.NONE,
});

const SCOPES = enumTable<LocalityScope>({
  network: WireLocalityScope.NETWORK,
  region: WireLocalityScope.REGION,
  zone: WireLocalityScope.ZONE,
  subzone: WireLocalityScope.SUBZONE,
  node: WireLocalityScope.NODE,
});

/** `nodemesh.waypoint.LoadBalancer`. */
export function encodeLoadBalancer(balancer: LoadBalancer): WireLoadBalancer {
  return create(LoadBalancerSchema, { algorithm: encodeAlgorithm(balancer) });
}

function encodeAlgorithm(balancer: LoadBalancer): WireLoadBalancer['algorithm'] {
  switch (balancer.type) {
    case 'round-robin':
      return { case: 'roundRobin', value: create(RoundRobinSchema) };
    case 'random':
      return { case: 'random', value: create(RandomSchema) };
    case 'least-request':
      return { case: 'leastRequest', value: create(LeastRequestSchema, { choices: balancer.choices }) };
    case 'peak-ewma':
      return {
        case: 'peakEwma',
        value: create(PeakEwmaSchema, { decayMs: encodeMs(balancer.decayMs) ?? 0n }),
      };
    case 'consistent-hash': {
      const { kind, size } = balancer.table;
      const key = encodeKey(balancer.key);
      const value = create(ConsistentHashSchema, { key, table: TABLES.encode(kind), tableSize: size });
      return { case: 'consistentHash', value };
    }
  }
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeLoadBalancer({ algorithm }: WireLoadBalancer, path: string): LoadBalancer {
  switch (algorithm.case) {
    case 'roundRobin':
      return { type: 'round-robin' };
    case 'random':
      return { type: 'random' };
    case 'leastRequest': {
      const { choices } = algorithm.value;
      if (choices < 1 || choices > MAXIMUM_CHOICES)
        throw badField(`${path}.choices`, `expected 1 to ${MAXIMUM_CHOICES}, got ${choices}`);
      return { type: 'least-request', choices };
    }
    case 'peakEwma':
      return { type: 'peak-ewma', decayMs: Number(algorithm.value.decayMs) };
    case 'consistentHash':
      return decodeConsistentHash(algorithm.value, `${path}.consistent_hash`);
    default:
      throw badField(path, 'expected an algorithm that this version knows, got none');
  }
}

function encodeKey(key: HashKey): WireConsistentHash['key'] {
  switch (key.kind) {
    case 'header':
      return { case: 'header', value: key.name };
    case 'cookie': {
      const { name, path, ttlMs, attributes } = key;
      const value = create(HashCookieSchema, {
        name,
        path,
        ttlMs: encodeMs(ttlMs),
        attributes: [...attributes],
      });
      return { case: 'cookie', value };
    }
    case 'source-ip':
      return { case: 'sourceIp', value: create(SourceIpSchema) };
  }
}

function decodeConsistentHash(hash: WireConsistentHash, path: string): LoadBalancer {
  const size = hash.tableSize;
  // A table is memory, in each service that asks for one.
  if (size < 1 || size > MAXIMUM_TABLE)
    throw badField(`${path}.table_size`, `expected 1 to ${MAXIMUM_TABLE}, got ${size}`);
  const table = { kind: TABLES.decode(hash.table, `${path}.table`), size };
  return { type: 'consistent-hash', key: decodeKey(hash.key, path), table };
}

function decodeKey(key: WireConsistentHash['key'], path: string): HashKey {
  switch (key.case) {
    case 'header':
      return { kind: 'header', name: requireText(key.value, `${path}.header`) };
    case 'cookie':
      return decodeCookie(key.value, `${path}.cookie`);
    case 'sourceIp':
      return { kind: 'source-ip' };
    default:
      throw badField(`${path}.key`, 'expected a kind of key that this version knows, got none');
  }
}

function decodeCookie({ name, path, ttlMs, attributes }: WireHashCookie, where: string): HashCookie {
  return {
    kind: 'cookie',
    name: requireText(name, `${where}.name`),
    path,
    ttlMs: decodeMs(ttlMs),
    attributes: attributes.map((attribute) => ({ name: attribute.name, value: attribute.value })),
  };
}

/** `nodemesh.waypoint.LocalityPreference`. */
export function encodeLocality({ mode, scopes }: LocalityPreference): WireLocality {
  return create(LocalityPreferenceSchema, { mode: MODES.encode(mode), scopes: scopes.map(SCOPES.encode) });
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeLocality({ mode, scopes }: WireLocality, path: string): LocalityPreference {
  return {
    mode: MODES.decode(mode, `${path}.mode`),
    scopes: scopes.map((scope, index) => SCOPES.decode(scope, `${path}.scopes[${index}]`)),
  };
}

/** `nodemesh.waypoint.SlowStart`. */
export function encodeSlowStart({ windowMs, aggression, minimumPercent }: SlowStart): WireSlowStart {
  return create(SlowStartSchema, { windowMs: encodeMs(windowMs) ?? 0n, aggression, minimumPercent });
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeSlowStart(slowStart: WireSlowStart, path: string): SlowStart {
  const { aggression, minimumPercent } = slowStart;
  if (!(aggression > 0) || !Number.isFinite(aggression))
    throw badField(`${path}.aggression`, `expected a number above 0, got ${aggression}`);
  if (minimumPercent > 100)
    throw badField(`${path}.minimum_percent`, `expected 0 to 100, got ${minimumPercent}`);
  return { windowMs: Number(slowStart.windowMs), aggression, minimumPercent };
}

const MAXIMUM_CHOICES = 100;
const MAXIMUM_TABLE = 1_000_003;
