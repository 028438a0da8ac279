import type { Rates, ServiceView, WorkloadView } from '../../../model/index.ts';
import type { Column, Layout } from '../columns.ts';
import { tableOf } from '../columns.ts';
import { orDash } from '../numbers.ts';
import { busyness, compareText, shortIdentity } from './ends.ts';
import { rateColumns } from './rate-columns.ts';

/** What is asked for; undefined means all. */
export interface StatFilter {
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** Those that are asked for, the busiest first. */
export function selectServices(
  services: readonly ServiceView[],
  { namespace, name }: StatFilter,
): readonly ServiceView[] {
  return services
    .filter((service) => namespace === undefined || service.namespace === namespace)
    .filter((service) => name === undefined || service.name === name || service.hostname === name)
    .toSorted(busiestFirst);
}

/** Pods that are asked for by their own name or their workload's, the busiest first. */
export function selectWorkloads(
  workloads: readonly WorkloadView[],
  { namespace, name }: StatFilter,
): readonly WorkloadView[] {
  return workloads
    .filter((workload) => namespace === undefined || workload.namespace === namespace)
    .filter((workload) => name === undefined || workload.name === name || workload.workload === name)
    .toSorted(busiestFirst);
}

/** For people; in the order given. */
export function serviceTable(services: readonly ServiceView[], layout: Layout): string {
  const columns: readonly Column<ServiceView>[] = [
    { title: 'NAMESPACE', cell: ({ namespace }) => namespace },
    { title: 'SERVICE', cell: ({ name }) => name },
    {
      title: 'ENDPOINTS',
      cell: ({ endpoints: { healthy, total } }) => `${healthy}/${total}`,
      align: 'right',
    },
    ...rateColumns<ServiceView>(),
    { title: 'WAYPOINT', cell: ({ waypoint }) => orDash(waypoint), wide: true },
  ];
  return tableOf(columns, services, layout);
}

/** For people; in the order given. */
export function workloadTable(workloads: readonly WorkloadView[], layout: Layout): string {
  const columns: readonly Column<WorkloadView>[] = [
    { title: 'NAMESPACE', cell: ({ namespace }) => namespace },
    { title: 'POD', cell: ({ name }) => name },
    { title: 'OPEN', cell: ({ connections }) => String(connections), align: 'right' },
    ...rateColumns<WorkloadView>(),
    { title: 'CPU', cell: ({ cost }) => (cost === undefined ? '-' : cores(cost.cpuCores)), align: 'right' },
    { title: 'NODE', cell: ({ node }) => orDash(node), wide: true },
    { title: 'ENROLMENT', cell: ({ enrolment }) => enrolment, wide: true },
    { title: 'IDENTITY', cell: ({ identity }) => orDash(shortIdentity(identity)), wide: true },
  ];
  return tableOf(columns, workloads, layout);
}

/** Of the node's proxy, in thousandths of a core as Kubernetes writes them. */
function cores(count: number): string {
  return `${Math.round(count * 1_000)}m`;
}

interface Busy {
  readonly namespace: string;
  readonly name: string;
  readonly rates: Rates;
}

function busiestFirst(a: Busy, b: Busy): number {
  return (
    busyness(b.rates) - busyness(a.rates) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name)
  );
}
