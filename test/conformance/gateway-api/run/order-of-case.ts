import { GATEWAY_ECHO_SERVICE, ISTIO_ECHO } from '../../../../src/lab/echo/grpc/index.ts';
import type { ManifestObject } from '../../../../src/lab/cluster/index.ts';
import { type ConformanceCase, listOf, objectOf } from '../data/index.ts';
import type { Sender } from '../move/index.ts';
import type { DriverOrder } from '../programs/order.ts';

/** What a driver is to send for a case, once. `podAddress` is that of the pod that the case wants dialled, if it does. */
export function orderOfCase(
  { request }: ConformanceCase,
  sender: Sender,
  options: { readonly fronts: readonly ManifestObject[]; readonly podAddress: string | undefined },
): Omit<DriverOrder, 'id'> {
  const kind = KINDS[request.protocol];
  if (kind === undefined) throw new Error(`no driver for protocol ${request.protocol}`);
  const { host, port, authority } = dialled(request.host, sender, options, request.protocol);
  const fields = Object.entries(request.headers);
  const hostField = fields.find(([name]) => name.toLowerCase() === 'host')?.[1];
  const headers = Object.fromEntries(fields.filter(([name]) => name.toLowerCase() !== 'host'));
  const usual = {
    kind,
    host,
    port,
    authority: hostField ?? authority,
    method: request.method,
    headers,
    body: request.body,
    timeoutMs: 10_000,
    count: 1,
    concurrency: 1,
  };
  if (kind !== 'grpc') return { ...usual, path: request.path === '' ? '/' : request.path };
  // The mesh profile calls Istio's echo, the gateway profile names what it calls.
  const { service = GATEWAY_ECHO_SERVICE, method = '' } = request.grpc ?? {};
  return { ...usual, path: request.grpc === undefined ? ISTIO_ECHO.path : `/${service}/${method}` };
}

const KINDS: Readonly<Record<string, DriverOrder['kind']>> = {
  HTTP: 'http',
  HTTPS: 'https',
  H2C_PRIOR_KNOWLEDGE: 'h2c',
  GRPC: 'grpc',
  WS: 'websocket',
  WEBSOCKET: 'websocket',
};

const DEFAULT_PORT = 80;
/** Of the mesh manifests, where a host names none. */
const PORT_OF: Readonly<Record<string, number>> = { GRPC: 7070, HTTPS: 443 };

function dialled(
  wanted: ConformanceCase['request']['host'],
  { front }: Sender,
  {
    fronts,
    podAddress,
  }: { readonly fronts: readonly ManifestObject[]; readonly podAddress: string | undefined },
  protocol: string,
): { readonly host: string; readonly port: number; readonly authority: string } {
  if (typeof wanted === 'object') {
    const port = wanted.port ?? DEFAULT_PORT;
    const host = podAddress ?? '';
    return { host, port, authority: port === DEFAULT_PORT ? host : `${host}:${port}` };
  }
  const [, name = '', portText] = /^(.*?)(?::(\d+))?$/.exec(wanted ?? '') ?? [];
  if (front === undefined) {
    const port = Number(portText ?? PORT_OF[protocol] ?? DEFAULT_PORT);
    return { host: name, port, authority: portText === undefined ? name : `${name}:${portText}` };
  }
  const ports = fronts
    .filter(({ metadata }) => metadata.name === front.name && metadata.namespace === front.namespace)
    .flatMap(({ spec }) => listOf(objectOf(spec).ports))
    .map((port) => Number(objectOf(port).port));
  const asked = Number(portText ?? 0);
  const host = `${front.name}.${front.namespace}.svc.cluster.local`;
  return {
    host,
    port: ports.includes(asked) ? asked : (ports[0] ?? DEFAULT_PORT),
    authority: wanted ?? `${front.name}.${front.namespace}`,
  };
}
