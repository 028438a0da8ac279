import { create } from '@bufbuild/protobuf';
import type { Rates, WaypointView } from '../../../model/index.ts';
import { badField } from '../../codec/field.ts';
import {
  EjectionSchema,
  type Rates as RatesMessage,
  RatesSchema,
  RouteSchema,
  type Waypoint,
  WaypointSchema,
} from '../../generated/observation_pb.js';
import { decodeAmount, decodeTime, whole } from './number-field.ts';

/** `nodemesh.observation.v1.Rates`; latencies that nobody measured stay unset. */
export function encodeRates({ p50Ms, p90Ms, p99Ms, ...rates }: Rates): RatesMessage {
  const message = create(RatesSchema, rates);
  if (p50Ms !== undefined) message.p50Ms = p50Ms;
  if (p90Ms !== undefined) message.p90Ms = p90Ms;
  if (p99Ms !== undefined) message.p99Ms = p99Ms;
  return message;
}

/** Throws ERR_WIRE_FIELD, also when there are none. */
export function decodeRates(message: RatesMessage | undefined, path: string): Rates {
  if (message === undefined) throw badField(path, 'expected rates, got none');
  const amount = (name: keyof Rates): number => decodeAmount(message[name] ?? 0, `${path}.${name}`);
  const timed = (name: 'p50Ms' | 'p90Ms' | 'p99Ms'): number | undefined =>
    message[name] === undefined ? undefined : amount(name);
  return {
    seconds: amount('seconds'),
    connects: amount('connects'),
    requests: amount('requests'),
    sentBytes: amount('sentBytes'),
    receivedBytes: amount('receivedBytes'),
    refused: amount('refused'),
    failed: amount('failed'),
    retries: amount('retries'),
    success: amount('success'),
    p50Ms: timed('p50Ms'),
    p90Ms: timed('p90Ms'),
    p99Ms: timed('p99Ms'),
  };
}

/** `nodemesh.observation.v1.Waypoint`. */
export function encodeWaypoint(view: WaypointView): Waypoint {
  const { namespace, name, ready, serves } = view;
  return create(WaypointSchema, {
    namespace,
    name,
    serves,
    readyPods: whole(ready.pods),
    totalPods: whole(ready.total),
    rates: encodeRates(view.rates),
    routes: view.routes.map(({ rates, ...route }) =>
      create(RouteSchema, { ...route, rates: encodeRates(rates) }),
    ),
    ejected: view.ejected.map((ejection) => create(EjectionSchema, ejection)),
  });
}

/** Throws ERR_WIRE_FIELD, naming the field from `path` down. */
export function decodeWaypoint(message: Waypoint, path: string): WaypointView {
  const { namespace, name, readyPods: pods, totalPods: total, serves } = message;
  return {
    namespace,
    name,
    ready: { pods, total },
    serves,
    rates: decodeRates(message.rates, `${path}.rates`),
    routes: message.routes.map((route, index) => ({
      kind: route.kind,
      namespace: route.namespace,
      name: route.name,
      service: route.service,
      rule: route.rule,
      rates: decodeRates(route.rates, `${path}.routes[${index}].rates`),
    })),
    ejected: message.ejected.map(({ backend, endpoint, reason, untilMs }, index) => ({
      backend,
      endpoint,
      reason,
      untilMs: decodeTime(untilMs, `${path}.ejected[${index}].until_ms`),
    })),
  };
}
