import { describeError } from '../../../base/index.ts';
import type { LabClient, LabStatus, ManifestObject } from '../../../lab/index.ts';
import type { ApiAnswers, ApiInfo, ApiPath } from '../../../model/index.ts';
import type { ApiClient } from '../../api/index.ts';
import { sideBySideOf } from '../../install/side-by-side.ts';
import { fewAtATime, type RunningMesh } from '../../running-mesh/index.ts';

/** What was asked for, or why there is no answer. */
export type Answer<T> = { readonly value: T } | { readonly error: string };

/** A dashboard's clock beside ours. */
export interface ClockReading {
  readonly info: ApiInfo;
  /** How far it is ahead, in milliseconds, give or take `uncertaintyMs`. */
  readonly aheadMs: number;
  readonly uncertaintyMs: number;
}

/** Everything that checks of a running mesh look at. */
export interface MeshFacts {
  /** Undefined where it is none. */
  readonly lab: LabStatus | undefined;
  /** Nodes that should have a ztunnel, as far as they were asked; none where only one dashboard is known. */
  readonly nodes: readonly string[];
  /** Of every dashboard: the mesh's and the nodes'. */
  readonly clocks: readonly (Answer<ClockReading> & { readonly part: string })[];
  /** Each port of a lab's mesh that something should answer on. */
  readonly ports: readonly (Answer<number> & { readonly part: string; readonly what: string })[];
  readonly proxies: Answer<ApiAnswers['/api/v1/proxies']['proxies']>;
  readonly certificates: Answer<ApiAnswers['/api/v1/certificates']['certificates']>;
  readonly workloads: Answer<ApiAnswers['/api/v1/workloads']['workloads']>;
  readonly services: Answer<ApiAnswers['/api/v1/services']['services']>;
  readonly waypoints: Answer<ApiAnswers['/api/v1/waypoints']['waypoints']>;
  readonly policies: Answer<ApiAnswers['/api/v1/policies']['policies']>;
  /** What the check of NetworkPolicies looks at; undefined where there are no objects to be had. */
  readonly objects: Answer<readonly ManifestObject[]> | undefined;
  /** Istio's labels are another mesh's. */
  readonly sideBySide: boolean;
  readonly nowMs: number;
}

/** Whom to ask: the mesh's API, where it is a lab its supervisor, and the nodes' APIs and objects where they can be had. */
export interface MeshSources {
  readonly api: ApiClient;
  readonly lab: LabClient | undefined;
  readonly nodeApis: ReadonlyMap<string, ApiClient>;
  readonly mesh?: Pick<RunningMesh, 'objects'> | undefined;
}

/** Asks for all of it. Never rejects for what a part of the mesh does not answer: that is a fact too. */
export async function gatherFacts({ api, lab, nodeApis, mesh }: MeshSources): Promise<MeshFacts> {
  const status = await lab?.status();
  const ask = <Path extends ApiPath>(path: Path): Promise<Answer<ApiAnswers[Path]>> =>
    attempt(() => api.get(path));
  const [proxies, workloads, services, waypoints, policies] = await Promise.all([
    ask('/api/v1/proxies'),
    ask('/api/v1/workloads'),
    ask('/api/v1/services'),
    ask('/api/v1/waypoints'),
    ask('/api/v1/policies'),
  ]);
  const dashboards = await fewAtATime([['the mesh', api] as const, ...nodeApis], async ([part, client]) => ({
    part,
    clock: await attempt(() => readClock(client)),
    certificates: await attempt(() => client.get('/api/v1/certificates')),
  }));
  const asked = dashboards.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const certificates = asked[0]?.certificates ?? { error: 'not asked' };
  const held = new Map(
    asked
      .slice(1)
      .map((one) => [`ztunnel/${one.part}`, map(one.certificates, (answer) => answer.certificates)]),
  );
  return {
    lab: status,
    nodes: [...nodeApis.keys()],
    clocks: asked.map(({ part, clock }) => ({ part, ...clock })),
    ports: lab === undefined || status === undefined ? [] : await knock(lab, status),
    proxies: map(proxies, (answer) => answer.proxies),
    certificates: map(certificates, (answer) => withOwn(answer.certificates, held)),
    workloads: map(workloads, (answer) => answer.workloads),
    services: map(services, (answer) => answer.services),
    waypoints: map(waypoints, (answer) => answer.waypoints),
    policies: map(policies, (answer) => answer.policies),
    objects: mesh === undefined ? undefined : await attempt(() => policyObjects(mesh)),
    sideBySide: mesh !== undefined && (await sideBySideOf(mesh)) === true,
    nowMs: Date.now(),
  };
}

type Certificates = ApiAnswers['/api/v1/certificates']['certificates'];

/** What a proxy that does not reach the controller holds, and why it is not renewed, it only tells itself. */
function withOwn(certificates: Certificates, held: ReadonlyMap<string, Answer<Certificates>>): Certificates {
  const told = [...held].flatMap(([proxy, own]) =>
    'error' in own ? [] : [[proxy, own.value.filter(({ kind }) => kind === 'workload')] as const],
  );
  const proxies = new Set(told.map(([proxy]) => proxy));
  const others = certificates.filter(({ kind, proxy }) => kind !== 'workload' || !proxies.has(proxy));
  return [...others, ...told.flatMap(([, own]) => own)];
}

/** The answer was made at some time between question and answer. */
async function readClock(client: ApiClient): Promise<ClockReading> {
  const beforeMs = Date.now();
  const info = await client.get('/api/v1/info');
  const uncertaintyMs = (Date.now() - beforeMs) / 2;
  return { info, uncertaintyMs, aheadMs: info.nowMs - (beforeMs + uncertaintyMs) };
}

const PORTS: readonly (readonly [path: string, what: string])[] = [
  ['/', 'admin 15000'],
  ['/metrics', 'metrics 15020'],
  ['/healthz/ready', 'readiness 15021'],
];
const CONTROLLER_PORTS: typeof PORTS = [
  ['/', 'admin 15000'],
  ['/metrics', 'metrics 15014'],
  ['/healthz/ready', 'readiness 15014'],
];

interface Door {
  readonly part: string;
  readonly what: string;
  readonly ask: () => Promise<{ readonly status: number }>;
}

async function knock(lab: LabClient, { nodes, waypoints, mesh }: LabStatus): Promise<MeshFacts['ports']> {
  if (!mesh) return [];
  const doors: readonly Door[] = [
    ...CONTROLLER_PORTS.map(([path, what]) => ({
      part: 'controller',
      what,
      ask: () => lab.admin('controller', path),
    })),
    ...nodes.flatMap(({ name }) =>
      PORTS.map(([path, what]) => ({ part: `ztunnel/${name}`, what, ask: () => lab.admin(name, path) })),
    ),
    ...waypoints.flatMap(({ namespace, name }) =>
      PORTS.map(([path, what]) => ({
        part: `waypoint/${namespace}/${name}`,
        what,
        ask: () => lab.waypointAdmin({ namespace, name }, { path }),
      })),
    ),
  ];
  return Promise.all(
    doors.map(async ({ part, what, ask }) => ({
      part,
      what,
      ...map(await attempt(ask), ({ status }) => status),
    })),
  );
}

/** What the check of NetworkPolicies looks at. */
async function policyObjects(mesh: Pick<RunningMesh, 'objects'>): Promise<readonly ManifestObject[]> {
  const kinds = ['Namespace', 'Pod', 'NetworkPolicy'];
  const lists = await Promise.all(kinds.map((kind) => mesh.objects(kind)));
  // An object of a lab has all that one of a manifest has.
  return lists.flat() as unknown as readonly ManifestObject[];
}

async function attempt<T>(ask: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    return { error: describeError(error) };
  }
}

function map<T, U>(answer: Answer<T>, change: (value: T) => U): Answer<U> {
  return 'error' in answer ? answer : { value: change(answer.value) };
}
