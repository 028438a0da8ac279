import type { ConnectionSettings, TrafficLimits, TrafficTimeouts, Unset } from '../../../../model/index.ts';
import type { Field } from '../../fields/index.ts';
import { parseDuration } from '../duration.ts';

/** What is not said stays undefined: a wider policy, or the default, says it. */
export function parseLimits(field: Field): Unset<TrafficLimits> {
  field.object([
    'maxConnections',
    'maxActiveRequests',
    'maxPendingRequests',
    'pendingTimeout',
    'maxActiveRetries',
  ]);
  return {
    maximumConnections: field.key('maxConnections').integer({ minimum: 1, maximum: 1_000_000 }),
    maximumActiveRequests: field.key('maxActiveRequests').integer({ minimum: 1, maximum: 1_000_000 }),
    maximumPendingRequests: field.key('maxPendingRequests').integer({ minimum: 0, maximum: 1_000_000 }),
    maximumPendingMs: parseDuration(field.key('pendingTimeout'), { minimum: '1ms', maximum: '5m' }),
    maximumActiveRetries: field.key('maxActiveRetries').integer({ minimum: 0, maximum: 1_000_000 }),
  };
}

/** As parseLimits; `backendRequest` may be no longer than `request`. */
export function parseTimeouts(field: Field): Unset<TrafficTimeouts> {
  field.object(['connect', 'request', 'backendRequest']);
  const requestMs = parseDuration(field.key('request'), REQUEST);
  const backendRequestMs = parseDuration(field.key('backendRequest'), REQUEST);
  if (requestMs !== undefined && requestMs !== 0 && (backendRequestMs ?? 0) > requestMs)
    field.key('backendRequest').issue('a time that is not longer than request');
  return {
    connectMs: parseDuration(field.key('connect'), { minimum: '1ms', maximum: '5m' }),
    requestMs,
    backendRequestMs,
  };
}

/** As parseLimits. */
export function parseConnections(field: Field): Unset<ConnectionSettings> {
  field.object(['idleTimeout', 'maxAge', 'maxRequests', 'maxConcurrentStreams']);
  return {
    idleMs: parseDuration(field.key('idleTimeout'), { minimum: '100ms', maximum: '1h' }),
    maximumAgeMs: parseDuration(field.key('maxAge'), { minimum: '0s', maximum: '24h' }),
    maximumRequests: field.key('maxRequests').integer({ minimum: 0, maximum: 1_000_000_000 }),
    maximumConcurrentStreams: field.key('maxConcurrentStreams').integer({ minimum: 1, maximum: 10_000 }),
  };
}

const REQUEST = { minimum: '0s', maximum: '99999h' };
