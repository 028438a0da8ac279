import type {
  Rates,
  ServicePort,
  ServiceSeries,
  Topology,
  TopologyEdge,
  TopologyNode,
  TrafficEnd,
} from '../../../model/index.ts';
import { amount, count, flag, listOf, objectOf, oneOf, optional, ref, share, text, time } from './schema.ts';

export const protocolSchema = oneOf('tcp', 'http', 'grpc');
export const reporterSchema = oneOf('source', 'destination', 'waypoint');

export const trafficSchemas = {
  TrafficEnd: objectOf<TrafficEnd>({
    namespace: text('Empty outside of the mesh.'),
    workload: text(
      'Replicas count as one: the Deployment or other owner. Outside of the mesh: the IP address.',
    ),
    identity: text('SPIFFE ID as it was proved; empty where none was.'),
  }),
  ServicePort: objectOf<ServicePort>({
    namespace: text(),
    name: text(),
    port: count('The port of the service that was dialled.'),
  }),
  Rates: objectOf<Rates>({
    seconds: amount('What the rates are taken over.'),
    connects: amount('Per second.'),
    requests: amount('Per second.'),
    sentBytes: amount('To the client, per second.'),
    receivedBytes: amount('From the client, per second.'),
    refused: amount('Connections and requests that were refused, per second.'),
    failed: amount('Connections and requests that failed, 5xx too, per second.'),
    retries: amount('Per second.'),
    success: share('1 when there was nothing.'),
    p50Ms: optional(amount('Absent when nothing was timed.')),
    p90Ms: optional(amount()),
    p99Ms: optional(amount()),
  }),
  TopologyNode: objectOf<TopologyNode>({
    id: text('`workload/<namespace>/<name>`, `service/<namespace>/<name>` or `outside/<address>`.'),
    kind: oneOf('workload', 'service', 'outside'),
    namespace: text(),
    name: text(),
    inMesh: flag('Whether all of it is enrolled; of services, whether all their endpoints are.'),
    waypoint: text('`namespace/name` of the waypoint before it; empty without.'),
  }),
  TopologyEdge: objectOf<TopologyEdge>({
    from: text('Id of a node.'),
    to: text('Id of a node.'),
    protocol: protocolSchema,
    mutualTls: flag(),
    rates: ref('Rates'),
    slow: flag('Whether what answers is slow; the problems of the service say how slow.'),
  }),
  Topology: objectOf<Topology>({
    seconds: amount('What the rates are taken over.'),
    nodes: listOf(ref('TopologyNode')),
    edges: listOf(ref('TopologyEdge')),
  }),
  ServiceSeries: objectOf<ServiceSeries>({
    service: objectOf<{ namespace: string; name: string; port: number | undefined }>({
      namespace: text(),
      name: text(),
      port: optional(count()),
    }),
    stepMs: count(),
    times: listOf(time('Start of the step, in milliseconds since 1970.')),
    rates: listOf(ref('Rates')),
  }),
};
