import type { Readable } from 'node:stream';
import { describeError } from '../../base/index.ts';
import type { LabClient } from '../../lab/index.ts';
import { logSources } from '../observe/index.ts';
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
export async function collect(wanted: readonly Wanted[]): Promise<Collected> {
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

/** Everything a lab tells: its status, objects, and of each part dumps, metrics and the last lines of its log. */
export async function labParts(lab: LabClient, logLines: number): Promise<readonly Wanted[]> {
  const { nodes } = await lab.status();
  const kinds = await lab.kinds();
  const sources = await logSources(lab, []);
  const waypoints = sources.filter(({ proxy }) => proxy.startsWith('waypoint/'));
  return [
    { path: 'lab/status.json', read: async () => jsonFile('lab/status.json', await lab.status()) },
    ...kinds.map((kind) => objectsOf(lab, kind)),
    ...CONTROLLER_PAGES.map(([page, file]) => adminPage(lab, 'controller', page, `controller/${file}`)),
    ...nodes.flatMap(({ name }) =>
      PROXY_PAGES.map(([page, file]) => adminPage(lab, name, page, `ztunnel/${name}/${file}`)),
    ),
    ...waypoints.flatMap(({ proxy, query: { pod = '', namespace = '' }, waypoint = '' }) =>
      WAYPOINT_PAGES.map(([page, file]) => ({
        path: `${proxy}/${file}`,
        read: async () => {
          const answer = await lab.waypointAdmin({ namespace, name: waypoint, pod }, { path: page });
          return pageFile(`${proxy}/${file}`, answer);
        },
      })),
    ),
    ...['controller', 'supervisor'].map((pod) => logOf(lab, pod, { pod }, logLines)),
    ...sources.map(({ proxy, query }) => logOf(lab, proxy, query, logLines)),
  ];
}

function objectsOf(lab: LabClient, kind: string): Wanted {
  const path = `objects/${kind}.yaml`;
  return { path, read: async () => yamlFile(path, await lab.objects(kind)) };
}

function adminPage(lab: LabClient, part: string, page: string, path: string): Wanted {
  return { path, read: async () => pageFile(path, await lab.admin(part, page)) };
}

function pageFile(path: string, answer: { readonly status: number; readonly body: string }): ReportFile {
  if (answer.status < 400) return textFile(path, answer.body);
  throw new Error(`answered with status ${answer.status}`);
}

function logOf(lab: LabClient, name: string, query: Readonly<Record<string, string>>, lines: number): Wanted {
  const path = `${name}/log.txt`;
  return {
    path,
    read: async () => {
      const stream = await lab.stream('logs', new URLSearchParams({ ...query, tail: String(lines) }));
      return textFile(path, await textOf(stream));
    },
  };
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
