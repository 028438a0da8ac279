import { describeError } from '../../base/index.ts';
import { CliError } from '../errors.ts';
import { fewAtATime, noZtunnel, type RunningMesh } from '../running-mesh/index.ts';
import type { Terminal } from '../terminal/index.ts';
import type { ConfigDump } from './config-dump.ts';
import { parseDump, readDumpJson, type SavedDump } from './dump-file.ts';

/** Which nodes are asked: every proxy knows all workloads, services and policies, but only its own connections and certificates. */
export type Reach = 'any node' | 'every node';

/**
 * Asks proxies; one merged dump. Of several nodes who does not answer is a warning. Rejects with MeshError when a node that was
 * named, or all, do not answer.
 */
export async function readDumps(
  mesh: NodeAdmin,
  {
    reach,
    node,
    terminal,
  }: { readonly reach: Reach; readonly node: string | undefined; readonly terminal: Terminal },
): Promise<ConfigDump> {
  const nodes = node === undefined ? await mesh.nodes() : [node];
  const dumps = reach === 'any node' ? [await firstDump(mesh, nodes)] : await allDumps(mesh, nodes, terminal);
  return {
    ...dumps[0],
    certificates: uniqueCertificates(dumps),
    workloadState: Object.assign({}, ...dumps.map(({ workloadState }) => workloadState)),
  };
}

/** What is asked of a mesh here. */
export type NodeAdmin = Pick<RunningMesh, 'place' | 'nodes' | 'admin'>;

async function firstDump(mesh: NodeAdmin, nodes: readonly string[]): Promise<ConfigDump> {
  let failure: unknown;
  for (const name of nodes) {
    try {
      return await readDump(mesh, name);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure ?? noZtunnel(mesh);
}

async function allDumps(
  mesh: NodeAdmin,
  nodes: readonly string[],
  { stderr }: Terminal,
): Promise<readonly ConfigDump[]> {
  const results = await fewAtATime(nodes, (name) => readDump(mesh, name));
  const dumps = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failures = results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ node: nodes[index], reason: result.reason as unknown }] : [],
  );
  if (dumps.length === 0) throw failures[0]?.reason ?? noZtunnel(mesh);
  for (const { node, reason } of failures)
    stderr.write(`warning: node ${node} is not in it: ${describeError(reason)}\n`);
  return dumps;
}

/** A dump that was saved before: `nodemesh … --file dump.json`. */
export async function readDumpFile(saved: SavedDump): Promise<ConfigDump> {
  const value = await readDumpJson(saved, 'ztunnel/NODE');
  // istioctl's `connections` dump is the list of workload states alone.
  return Array.isArray(value)
    ? { workloadState: { ...(value as object[]) } as never }
    : (value as ConfigDump);
}

/** One node's. Rejects with MeshError. */
export async function readDump(mesh: Pick<NodeAdmin, 'admin'>, node: string): Promise<ConfigDump> {
  const { status, body } = await mesh.admin(node, '/config_dump');
  if (status === 200) return parseDump(body, `the ztunnel of ${node}`) as ConfigDump;
  throw new CliError({
    code: 'ERR_CLI_API_ANSWER',
    blame: 'upstream',
    message: `the ztunnel of ${node} answered /config_dump with status ${status}`,
  });
}

/** Nodes that run pods of the same account each have a certificate of their own. */
function uniqueCertificates(dumps: readonly ConfigDump[]): NonNullable<ConfigDump['certificates']> {
  const all = dumps.flatMap(({ certificates }) => certificates ?? []);
  return [
    ...new Map(
      all.map((entry) => [`${entry.identity} ${entry.certChain?.[0]?.serialNumber}`, entry]),
    ).values(),
  ];
}
