import type { Readable } from 'node:stream';
import { describeError } from '../../base/index.ts';
import type { LabClient } from '../../lab/index.ts';
import { logSources } from '../observe/index.ts';
import type { RunningMesh } from '../running-mesh/index.ts';
import { jsonFile, type Missing, type ReportFile, textFile, yamlFile } from './report-file.ts';

/** What was found, and what was not. */
export interface Collected {
  readonly files: readonly ReportFile[];
  readonly missing: readonly Missing[];
}

/** One thing to be collected; whatever it rejects with becomes a line in the report. */
export interface Wanted {
  readonly path: string;
  read(): Promise<ReportFile>;
}

/** All of it; nothing that fails keeps the rest from being collected. */
export async function collectFiles(wanted: readonly Wanted[]): Promise<Collected> {
  const files: ReportFile[] = [];
  const missing: Missing[] = [];
  for (const { path, read } of wanted) {
    try {
      files.push(await read());
    } catch (error) {
      missing.push({ path, why: describeError(error) });
    }
  }
  return { files, missing };
}

const PROXY_PAGES: readonly (readonly [path: string, file: string])[] = [
  ['/config_dump', 'config_dump.json'],
  ['/metrics', 'metrics.txt'],
  ['/logging', 'log-level.txt'],
];
const WAYPOINT_PAGES: typeof PROXY_PAGES = [
  ...PROXY_PAGES,
  ['/routes', 'routes.json'],
  ['/endpoints', 'endpoints.json'],
];
const CONTROLLER_PAGES: typeof PROXY_PAGES = [
  ...['problems', 'proxies', 'workloads', 'services', 'policies', 'enrolments'].map(
    (page) => [`/debug/${page}`, `${page}.json`] as const,
  ),
  ['/metrics', 'metrics.txt'],
  ['/ca/roots', 'roots.txt'],
];

/** Everything a mesh tells: objects, and of each part dumps, metrics and the last lines of its log. */
export async function meshParts(mesh: RunningMesh, logLines: number): Promise<readonly Wanted[]> {
  const [nodes, kinds, sources] = await Promise.all([mesh.nodes(), mesh.kinds(), logSources(mesh, [])]);
  return [
    ...kinds.map((kind) => objectsOf(mesh, kind)),
    ...CONTROLLER_PAGES.map(([page, file]) => adminPage(mesh, 'controller', page, `controller/${file}`)),
    ...nodes.flatMap((name) =>
      PROXY_PAGES.map(([page, file]) => adminPage(mesh, name, page, `ztunnel/${name}/${file}`)),
    ),
    ...sources.flatMap(({ proxy, owner, waypoint }) =>
      owner.kind !== 'waypoint'
        ? []
        : WAYPOINT_PAGES.map(([page, file]) => ({
            path: `${proxy}/${file}`,
            read: async () => {
              const { namespace, pod } = owner;
              const replica = { namespace, name: waypoint ?? '', pod };
              return pageFile(`${proxy}/${file}`, await mesh.waypointAdmin(replica, { path: page }));
            },
          })),
    ),
    logOf('controller', () => mesh.log({ kind: 'controller' }, { tail: logLines })),
    ...sources.map(({ proxy, owner }) => logOf(proxy, () => mesh.log(owner, { tail: logLines }))),
  ];
}

/** What only a lab has. */
export function labParts(lab: LabClient, logLines: number): readonly Wanted[] {
  const query = new URLSearchParams({ pod: 'supervisor', tail: String(logLines) });
  return [
    { path: 'lab/status.json', read: async () => jsonFile('lab/status.json', await lab.status()) },
    logOf('supervisor', () => lab.stream('logs', query)),
  ];
}

function objectsOf(mesh: RunningMesh, kind: string): Wanted {
  const path = `objects/${kind}.yaml`;
  return { path, read: async () => yamlFile(path, await mesh.objects(kind)) };
}

function adminPage(mesh: RunningMesh, part: string, page: string, path: string): Wanted {
  return { path, read: async () => pageFile(path, await mesh.admin(part, page)) };
}

function pageFile(path: string, answer: { readonly status: number; readonly body: string }): ReportFile {
  if (answer.status < 400) return textFile(path, answer.body);
  throw new Error(`answered with status ${answer.status}`);
}

function logOf(name: string, open: () => Promise<Readable>): Wanted {
  const path = `${name}/log.txt`;
  return { path, read: async () => textFile(path, await textOf(await open())) };
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
