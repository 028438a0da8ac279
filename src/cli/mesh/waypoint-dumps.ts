import { describeError } from '../../base/index.ts';
import { isKind, isReady, isReplicaOf, isTerminating } from '../../lab/cluster/objects/index.ts';
import type { WaypointReplica } from '../../lab/index.ts';
import type { BackendDump, DumpedRoute } from '../../waypoint/index.ts';
import { CliError } from '../errors.ts';
import type { RunningMesh } from '../running-mesh/index.ts';
import type { Terminal } from '../terminal/index.ts';
import { findWaypoints } from '../waypoint/waypoint-access.ts';
import { parseDump, readDumpJson, type SavedDump } from './dump-file.ts';
import { backendsIn, routesIn } from './dump-shape.ts';
import { type Guard, guardsIn } from './guards/index.ts';

/** What one replica of a waypoint was told of a route. */
export interface RouteItem extends DumpedRoute {
  /** `namespace/name`; empty where a saved dump does not say. */
  readonly waypoint: string;
}

/** What one replica of a waypoint knows of a backend. */
export interface EndpointItem extends BackendDump {
  /** `namespace/name`; empty where a saved dump does not say. */
  readonly waypoint: string;
  /** The pod; empty for a saved dump. */
  readonly replica: string;
}

/** Which waypoints, and which of their pods; undefined: all. */
export interface WaypointChoice {
  /** `namespace/name`. */
  readonly waypoint?: string | undefined;
  readonly pod?: string | undefined;
}

/** What is asked of a mesh here. */
export type WaypointAdmin = Pick<RunningMesh, 'objects' | 'waypointAdmin'>;

/** Of each waypoint one replica is asked: all are told the same. Who does not answer is a warning, unless nobody does. */
export async function readRoutes(
  mesh: WaypointAdmin,
  choice: WaypointChoice,
  terminal: Terminal,
): Promise<readonly RouteItem[]> {
  const waypoints = await chosenWaypoints(mesh, choice);
  const asked = await askAll(mesh, waypoints, '/routes', terminal);
  return asked.flatMap(({ waypoint, content }) =>
    routesIn(content, `waypoint ${waypoint}`).map((route) => ({ waypoint, ...route })),
  );
}

/** Every replica that is ready is asked: each has its own connections and its own opinion of endpoints. */
export async function readEndpoints(
  mesh: WaypointAdmin,
  choice: WaypointChoice,
  terminal: Terminal,
): Promise<readonly EndpointItem[]> {
  const waypoints = await chosenWaypoints(mesh, choice);
  const replicas = await Promise.all(waypoints.map((waypoint) => replicasOf(mesh, waypoint)));
  const chosen = replicas.flat().filter(({ pod }) => choice.pod === undefined || choice.pod === pod);
  if (choice.pod !== undefined && chosen.length === 0)
    throw notAReplica(
      choice.pod,
      replicas.flat().flatMap(({ pod }) => pod ?? []),
    );
  const asked = await askAll(mesh, chosen, '/endpoints', terminal);
  return asked.flatMap(({ waypoint, replica, content }) =>
    backendsIn(content, `waypoint ${waypoint}`).map((backend) => ({ waypoint, replica, ...backend })),
  );
}

/** What waypoints enforce beside routes, as one replica of each was told. Who does not answer is a warning. */
export async function readGuards(mesh: WaypointAdmin, terminal: Terminal): Promise<readonly Guard[]> {
  const { answers, failures } = await askEach(mesh, await chosenWaypoints(mesh, {}), '/config_dump');
  warnOf(failures, terminal);
  return answers.flatMap(({ waypoint, content }) =>
    guardsIn(waypoint, (content as { readonly resources?: unknown }).resources),
  );
}

/** A saved `/routes` or `/config_dump`. Rejects with CliError. */
export async function readRoutesFile(saved: SavedDump): Promise<readonly RouteItem[]> {
  const { waypoint, content } = sectionOf(await readDumpJson(saved, PART), 'routes');
  return routesIn(content, saved.path).map((route) => ({ waypoint, ...route }));
}

/** A saved `/endpoints` or `/config_dump`. Rejects with CliError. */
export async function readEndpointsFile(saved: SavedDump): Promise<readonly EndpointItem[]> {
  const { waypoint, content } = sectionOf(await readDumpJson(saved, PART), 'backends');
  return backendsIn(content, saved.path).map((backend) => ({ waypoint, replica: '', ...backend }));
}

async function chosenWaypoints(
  mesh: WaypointAdmin,
  { waypoint }: WaypointChoice,
): Promise<readonly WaypointReplica[]> {
  if (waypoint === undefined) return findWaypoints(mesh, undefined);
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(waypoint) ?? [];
  if (namespace !== undefined && name !== undefined) return findWaypoints(mesh, namespace, [name]);
  throw new CliError({
    code: 'ERR_CLI_OPTION',
    blame: 'downstream',
    message: `--waypoint: expected NAMESPACE/NAME, got ${JSON.stringify(waypoint)}`,
    hint: 'nodemesh waypoint list -A shows all there are',
  });
}

/** Without any that is ready the waypoint alone: asking it says what is wrong. */
async function replicasOf(
  mesh: WaypointAdmin,
  { namespace, name }: WaypointReplica,
): Promise<readonly WaypointReplica[]> {
  const pods = (await mesh.objects('Pod', namespace))
    .filter((pod) => isKind(pod, 'Pod'))
    .filter((pod) => isReplicaOf(pod, name) && isReady(pod) && !isTerminating(pod));
  if (pods.length === 0) return [{ namespace, name }];
  return pods.map(({ metadata }) => ({ namespace, name, pod: metadata.name }));
}

interface Asked {
  readonly waypoint: string;
  readonly replica: string;
  readonly content: unknown;
}

/** Who does not answer is a warning. Throws where nobody does. */
async function askAll(
  mesh: WaypointAdmin,
  replicas: readonly WaypointReplica[],
  path: string,
  terminal: Terminal,
): Promise<readonly Asked[]> {
  const { answers, failures } = await askEach(mesh, replicas, path);
  if (answers.length === 0 && failures.length > 0) throw failures[0];
  warnOf(failures, terminal);
  return answers;
}

async function askEach(
  mesh: WaypointAdmin,
  replicas: readonly WaypointReplica[],
  path: string,
): Promise<{ readonly answers: readonly Asked[]; readonly failures: readonly unknown[] }> {
  const settled = await Promise.allSettled(replicas.map((replica) => ask(mesh, replica, path)));
  return {
    answers: settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    failures: settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : [])),
  };
}

function warnOf(failures: readonly unknown[], { stderr }: Terminal): void {
  for (const failure of failures) stderr.write(`warning: ${describeError(failure)}\n`);
}

async function ask(mesh: WaypointAdmin, replica: WaypointReplica, path: string): Promise<Asked> {
  const waypoint = `${replica.namespace}/${replica.name}`;
  const { pod, status, body } = await mesh.waypointAdmin(replica, { path });
  const origin = `pod ${pod} of waypoint ${waypoint}`;
  if (status === 200) return { waypoint, replica: pod, content: parseDump(body, origin) };
  throw new CliError({
    code: 'ERR_CLI_API_ANSWER',
    blame: 'upstream',
    message: `${origin} answered ${path} with status ${status}: ${body.trim()}`,
  });
}

/** Of a whole config dump, or what is no object is that section itself. */
function sectionOf(
  dump: unknown,
  section: 'routes' | 'backends',
): { readonly waypoint: string; readonly content: unknown } {
  if (Array.isArray(dump) || typeof dump !== 'object' || dump === null)
    return { waypoint: '', content: dump };
  const fields = dump as Readonly<Record<string, unknown>>;
  const { gateway } = fields;
  return { waypoint: typeof gateway === 'string' ? gateway : '', content: fields[section] };
}

function notAReplica(pod: string, pods: readonly string[]): CliError {
  return new CliError({
    code: 'ERR_CLI_OPTION',
    blame: 'downstream',
    message: `--pod: expected a pod of a waypoint that is ready, got ${pod}`,
    hint:
      pods.length === 0 ? 'nodemesh waypoint list -A shows all waypoints' : `there are: ${pods.join(', ')}`,
  });
}

const PART = 'waypoint/NAMESPACE/NAME';
