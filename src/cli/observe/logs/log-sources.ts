import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { CliError } from '../../errors.ts';
import type { LogOwner, RunningMesh } from '../../running-mesh/index.ts';
import { findWaypoints } from '../../waypoint/index.ts';
import { parseLogLine } from './log-line.ts';
import type { AccessLine } from './access-line.ts';

/** The log of one proxy. */
export interface LogSource {
  /** `ztunnel/<node>` or `waypoint/<namespace>/<pod>`. */
  readonly proxy: string;
  readonly owner: LogOwner;
  /** Whose replica it is; undefined for a ztunnel. */
  readonly waypoint?: string;
}

/** All proxies of a mesh, or those whose names begin with one of `wanted`. Rejects with CliError when one names nothing. */
export async function logSources(
  mesh: Pick<RunningMesh, 'nodes' | 'objects'>,
  wanted: readonly string[],
): Promise<readonly LogSource[]> {
  const [nodes, waypoints] = await Promise.all([mesh.nodes(), findWaypoints(mesh, undefined)]);
  const ztunnels = nodes.map(
    (node): LogSource => ({ proxy: `ztunnel/${node}`, owner: { kind: 'ztunnel', node } }),
  );
  const replicas = await Promise.all(
    waypoints.map(({ namespace, name }) => waypointSources(mesh, namespace, name)),
  );
  const all = [...ztunnels, ...replicas.flat()];
  const isOf = (proxy: string, name: string): boolean =>
    proxy === name ||
    proxy.startsWith(`${name}/`) ||
    (name.startsWith('waypoint/') && proxy.startsWith(`${name}-`));
  const unknown = wanted.find((name) => !all.some(({ proxy }) => isOf(proxy, name)));
  if (unknown !== undefined)
    throw new CliError({
      code: 'ERR_CLI_OPTION',
      blame: 'downstream',
      message: `expected a proxy of this mesh, got ${JSON.stringify(unknown)}`,
      hint: `its proxies: ${all.map(({ proxy }) => proxy).join(', ')}`,
    });
  return wanted.length === 0 ? all : all.filter(({ proxy }) => wanted.some((name) => isOf(proxy, name)));
}

const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name';

async function waypointSources(
  mesh: Pick<RunningMesh, 'objects'>,
  namespace: string,
  waypoint: string,
): Promise<readonly LogSource[]> {
  const pods = await mesh.objects('Pod', namespace);
  return pods
    .filter(({ metadata }) => metadata.labels[GATEWAY_LABEL] === waypoint)
    .map(
      ({ metadata: { name } }): LogSource => ({
        proxy: `waypoint/${namespace}/${name}`,
        owner: { kind: 'waypoint', namespace, pod: name },
        waypoint,
      }),
    );
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
