import { type LabClient, LabError } from '../../lab/index.ts';
import type { ConfigDump } from './config-dump.ts';
import { parseDump, readDumpJson, type SavedDump } from './dump-file.ts';

/** Which nodes are asked: every proxy knows all workloads, services and policies, but only its own connections and certificates. */
export type Reach = 'any node' | 'every node';

/** Asks the proxies of a lab; one merged dump. Throws LabError when a node that was named, or all, do not answer. */
export async function readDumps(lab: LabClient, reach: Reach, node: string | undefined): Promise<ConfigDump> {
  const nodes = node === undefined ? await lab.nodes() : [node];
  const dumps: ConfigDump[] = [];
  let failure: unknown;
  for (const name of nodes) {
    try {
      dumps.push(await readDump(lab, name));
      if (reach === 'any node') break;
    } catch (error) {
      failure ??= error;
    }
  }
  const [first] = dumps;
  if (first === undefined) throw failure;
  return {
    ...first,
    certificates: uniqueCertificates(dumps),
    workloadState: Object.assign({}, ...dumps.map(({ workloadState }) => workloadState)),
  };
}

/** A dump that was saved before: `nodemesh … --file dump.json`. */
export async function readDumpFile(saved: SavedDump): Promise<ConfigDump> {
  const value = await readDumpJson(saved, 'ztunnel/NODE');
  // istioctl's `connections` dump is the list of workload states alone.
  return Array.isArray(value)
    ? { workloadState: { ...(value as object[]) } as never }
    : (value as ConfigDump);
}

/** One node's. Throws LabError. */
export async function readDump(lab: LabClient, node: string): Promise<ConfigDump> {
  const { status, body } = await lab.admin(node, '/config_dump');
  if (status === 200) return parseDump(body, `the ztunnel of ${node}`) as ConfigDump;
  throw new LabError({
    code: 'ERR_LAB_UNAVAILABLE',
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
