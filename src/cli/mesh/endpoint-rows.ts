import type { EndpointDump } from '../../waypoint/index.ts';
import { durationText } from './short-text.ts';
import type { EndpointItem } from './waypoint-dumps.ts';

export const ENDPOINT_HEADER = [
  'REPLICA',
  'BACKEND',
  'ENDPOINT',
  'ADDRESS',
  'NODE',
  'PROTOCOL',
  'HEALTH',
  'ACTIVE',
  'LATENCY',
  'REQUESTS',
  'FAILURES',
];

/** A row for each endpoint; one for a backend without any. */
export function endpointRows(item: EndpointItem): readonly (readonly string[])[] {
  const head = [item.replica === '' ? item.waypoint : `${item.replica}.${namespaceOf(item)}`, item.backend];
  if (item.endpoints.length === 0) return [[...head, 'none', '', '', '', item.emptyBecause ?? '']];
  return item.endpoints.map((endpoint) => [
    ...head,
    endpoint.namespace === item.namespace ? endpoint.name : `${endpoint.namespace}/${endpoint.name}`,
    addressText(endpoint),
    endpoint.node,
    endpoint.protocol,
    ...(item.inUse ? figures(endpoint) : ['unused']),
  ]);
}

function figures(endpoint: EndpointDump): readonly string[] {
  return [
    healthText(endpoint),
    String(endpoint.activeRequests),
    endpoint.latencyMs === 0 ? '' : `${endpoint.latencyMs.toFixed(1)}ms`,
    String(endpoint.requests),
    String(endpoint.failures),
  ];
}

/** In whole seconds, and never none: it is not back yet. */
function healthText({ health, backInMs }: EndpointDump): string {
  if (health === 'healthy') return health;
  return `ejected ${durationText(Math.max(1, Math.ceil(backInMs / 1_000)) * 1_000)}: ${health}`;
}

function addressText({ address, port }: EndpointDump): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function namespaceOf({ waypoint }: EndpointItem): string {
  return waypoint.split('/')[0] ?? '';
}
