import type { Workload } from '../../../model/index.ts';
import type { World } from '../../world/index.ts';
import type { PartyName } from './party-name.ts';

/** The workloads of a name: of the first meaning that fits (pod, workload, service account), ready ones first. */
export function findWorkloads(world: World, { kind, namespace, name }: PartyName): readonly Workload[] {
  const all = [...world.view.workloads()].filter(
    (workload) => namespace === undefined || workload.namespace === namespace,
  );
  const meanings: readonly (readonly [PartyName['kind'], (workload: Workload) => boolean])[] = [
    ['pod', (workload) => workload.name === name],
    ['workload', (workload) => workload.workloadName === name],
    ['account', (workload) => workload.serviceAccount === name],
  ];
  for (const [meaning, fits] of meanings) {
    if (kind !== undefined && kind !== meaning) continue;
    const found = all.filter(fits);
    if (found.length > 0) return found.toSorted(byReadiness);
  }
  return [];
}

/** Names that might have been meant. */
export function nearNames(world: World, { name }: PartyName): readonly string[] {
  const names = [...world.view.workloads()].map(
    ({ namespace, workloadName }) => `${namespace}/${workloadName}`,
  );
  return [...new Set(names)].filter((known) => known.includes(name) || known.endsWith(`/${name}`));
}

function byReadiness(a: Workload, b: Workload): number {
  if (a.status !== b.status) return a.status === 'healthy' ? -1 : 1;
  return a.uid < b.uid ? -1 : 1;
}
