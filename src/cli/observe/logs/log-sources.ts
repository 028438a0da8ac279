import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { type LabClient, LabError } from '../../../lab/index.ts';
import { parseLogLine } from './log-line.ts';
import type { AccessLine } from './access-line.ts';

/** The log of one proxy of a lab. */
export interface LogSource {
  /** `ztunnel/<node>` or `waypoint/<namespace>/<pod>`. */
  readonly proxy: string;
  readonly query: Readonly<Record<string, string>>;
  /** Whose replica it is; undefined for a ztunnel. */
  readonly waypoint?: string;
}

/** All proxies of a lab, or those whose names begin with one of `wanted`. Rejects with LabError when one names nothing. */
export async function logSources(lab: LabClient, wanted: readonly string[]): Promise<readonly LogSource[]> {
  const { nodes, waypoints } = await lab.status();
  const ztunnels = nodes
    .filter(({ ztunnel }) => ztunnel !== null)
    .map(({ name }) => ({ proxy: `ztunnel/${name}`, query: { pod: `ztunnel/${name}` } }));
  const replicas = await Promise.all(
    waypoints.map(({ namespace, name }) => waypointSources(lab, namespace, name)),
  );
  const all = [...ztunnels, ...replicas.flat()];
  const isOf = (proxy: string, name: string): boolean =>
    proxy === name ||
    proxy.startsWith(`${name}/`) ||
    (name.startsWith('waypoint/') && proxy.startsWith(`${name}-`));
  const unknown = wanted.find((name) => !all.some(({ proxy }) => isOf(proxy, name)));
  if (unknown !== undefined)
    throw new LabError({
      code: 'ERR_LAB_NOT_FOUND',
      blame: 'downstream',
      message: `expected a proxy of this lab, got ${JSON.stringify(unknown)}`,
      hint: `its proxies: ${all.map(({ proxy }) => proxy).join(', ')}`,
    });
  return wanted.length === 0 ? all : all.filter(({ proxy }) => wanted.some((name) => isOf(proxy, name)));
}

const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name';

async function waypointSources(
  lab: LabClient,
  namespace: string,
  waypoint: string,
): Promise<readonly LogSource[]> {
  const pods = await lab.objects('Pod', namespace);
  return pods
    .filter(({ metadata }) => metadata.labels[GATEWAY_LABEL] === waypoint)
    .map(({ metadata: { name } }) => ({
      proxy: `waypoint/${namespace}/${name}`,
      query: { pod: name, namespace },
      waypoint,
    }));
}

/** Calls back for each line of the access log until the stream ends; `target` undefined takes every line. */
export async function readAccessLines(
  stream: Readable,
  { proxy }: LogSource,
  onLine: (line: AccessLine, raw: string) => void,
): Promise<void> {
  // A stream that is cut short (by Ctrl-C, or with the lab) has said all it will.
  stream.on('error', () => stream.destroy());
  for await (const raw of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    const line = parseLogLine(raw);
    if (line?.target === 'access') onLine({ ...line, proxy }, raw);
  }
}
