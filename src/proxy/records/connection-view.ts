import { type ConnectionView, formatSocketAddress } from '../../model/index.ts';
import type { ConnectionDetails, ConnectionLife } from '../connections/connection-record.ts';
import { type EdgeEnd, servicePortOf, trafficEnd } from './traffic-edge.ts';

/** The client's end of a connection. */
export function sourceOf(details: ConnectionDetails): EdgeEnd {
  return {
    workload: details.sourceWorkload,
    identity: details.sourceIdentity,
    address: details.source.address,
  };
}

/** The other end: the waypoint's where it leads through one and no further is known. */
export function destinationOf(details: ConnectionDetails): EdgeEnd {
  return {
    workload: details.destinationWorkload,
    identity: details.destinationIdentity,
    address: details.destination?.address,
  };
}

/** The port of the service that was dialled; for metrics and logs, so a good guess will do where nobody said it. */
export function dialledPort({ servicePort, service, destination }: ConnectionDetails): number {
  if (servicePort !== undefined) return servicePort;
  const port = destination?.port ?? 0;
  return service?.ports.find(({ targetPort }) => targetPort === port)?.servicePort ?? port;
}

/** A live connection as dashboards show it. */
export function connectionView(
  details: ConnectionDetails,
  life: ConnectionLife,
  nowMs: number,
): ConnectionView {
  const { direction, sourceWorkload, destinationWorkload, destination, tunnel } = details;
  const own = direction === 'outbound' ? sourceWorkload : destinationWorkload;
  const { bytesSent, bytesReceived } = life.bytes();
  return {
    id: life.id,
    pod: own === undefined ? '' : `${own.namespace}/${own.name}`,
    direction,
    source: trafficEnd(sourceOf(details)),
    sourceAddress: formatSocketAddress(details.source),
    destination: trafficEnd(destinationOf(details)),
    destinationAddress: destination === undefined ? '' : formatSocketAddress(destination),
    service: servicePortOf(details.service, dialledPort(details)),
    tunnel: tunnel === undefined ? '' : formatSocketAddress(tunnel),
    waypoint: details.waypoint ?? '',
    openedMs: Math.round(nowMs - life.ageMs),
    sentBytes: bytesSent,
    receivedBytes: bytesReceived,
  };
}
