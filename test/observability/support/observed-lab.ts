import { readFileSync } from 'node:fs';
import { findProxies } from '../../../bench/macro/process-usage.ts';
import type { LabStatus } from '../../../src/lab/index.ts';
import type { LabUnderTest } from '../../mesh/support/lab-under-test.ts';
import { SHOP } from '../../waypoint-mesh/support/waypoint-world.ts';

/** What is read of a Pod. */
export interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP: string };
}

/** The lab's controller as pods know it. */
export const CONTROLLER = 'nodemesh-controller.nodemesh-system.svc';

/** What a scrape configuration of Kubernetes would find, by job. `others` begins the names of further controllers' pods. */
export async function scrapeTargets(
  lab: LabUnderTest,
  others: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const pods = await podsOf(lab, '-A');
  const found = (start: string, port: number): readonly string[] =>
    pods
      .filter(({ metadata }) => metadata.name.startsWith(start))
      .map(({ status }) => `${status.podIP}:${port}`);
  const { nodes } = await labStatus(lab);
  return {
    ztunnel: nodes.flatMap(({ ztunnel }) => (ztunnel === null ? [] : [`${ztunnel.address}:15020`])),
    waypoint: found('waypoint-', 15_020),
    controller: [`${CONTROLLER}:15014`, ...found(others, 15_014)],
  };
}

export async function serverPod(lab: LabUnderTest): Promise<PodObject> {
  const found = (await podsOf(lab, '-n', SHOP)).find(({ metadata }) => metadata.labels.app === 'server');
  if (found === undefined) throw new Error('there is no server pod');
  return found;
}

/** As this machine counts; the lab has process ids of its own. */
export async function ztunnelPid(lab: LabUnderTest, node: string): Promise<number> {
  const { stateDirectory } = await labStatus(lab);
  const found = findProxies(stateDirectory, 'ztunnel').find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`\0--node\0${node}\0`),
  );
  if (found === undefined) throw new Error(`no ztunnel of ${node} runs`);
  return found;
}

export async function labStatus(lab: LabUnderTest): Promise<LabStatus> {
  return JSON.parse(await lab.lab('status', '-o', 'json')) as LabStatus;
}

async function podsOf(lab: LabUnderTest, ...where: readonly string[]): Promise<readonly PodObject[]> {
  const text = await lab.lab('get', 'pods', ...where, '-o', 'json');
  return (JSON.parse(text) as { readonly items: readonly PodObject[] }).items;
}
