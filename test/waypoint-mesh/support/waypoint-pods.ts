import { resolve } from 'node:path';
import type { LabUnderTest } from '../../mesh/support/lab-under-test.ts';
import { WAYPOINT } from './objects.ts';

/** Of one waypoint process, in MiB. */
export interface WaypointMemory {
  readonly resident: number;
  /** The most that it has ever had. */
  readonly peak: number;
}

/** The names of a namespace's waypoint pods. */
export async function waypointPods(lab: LabUnderTest, namespace: string): Promise<readonly string[]> {
  const { items } = JSON.parse(await lab.lab('get', 'pods', '-n', namespace, '-o', 'json')) as {
    readonly items: readonly { readonly metadata: { readonly name: string; readonly labels: Labels } }[];
  };
  return items
    .filter(({ metadata }) => metadata.labels['gateway.networking.k8s.io/gateway-name'] === WAYPOINT)
    .map(({ metadata }) => metadata.name);
}

type Labels = Readonly<Record<string, string>>;

export async function waypointMemory(
  lab: LabUnderTest,
  namespace: string,
): Promise<readonly WaypointMemory[]> {
  const program = resolve('test/waypoint-mesh/programs/process-memory.ts');
  return Promise.all(
    (await waypointPods(lab, namespace)).map(
      async (pod) =>
        JSON.parse(await lab.lab('exec', '-n', namespace, pod, '--', 'node', program)) as WaypointMemory,
    ),
  );
}

/** The metrics of each waypoint pod, in Prometheus' text form. */
export async function waypointMetrics(
  lab: LabUnderTest,
  namespace: string,
): Promise<ReadonlyMap<string, string>> {
  const script = 'fetch("http://127.0.0.1:15020/metrics").then((r) => r.text()).then(console.log)';
  const pods = await waypointPods(lab, namespace);
  const texts = await Promise.all(
    pods.map((pod) => lab.lab('exec', '-n', namespace, pod, '--', 'node', '-e', script)),
  );
  return new Map(pods.map((pod, index) => [pod, texts[index] ?? '']));
}

/** The sum of a metric's samples whose labels hold all of `labels`. */
export function metricSum(text: string, name: string, labels: Labels = {}): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
