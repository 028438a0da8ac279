import type { JSX } from 'preact';
import type { WorkloadView } from '../../model/index.ts';
import { linkTo, place, setParameters } from '../app/router.ts';
import { now } from '../data/clock.ts';
import { useWorkloads } from '../data/feeds.ts';
import { shortIdentity } from '../format/names.ts';
import {
  formatByteRate,
  formatBytes,
  formatLatency,
  formatNumber,
  formatPercent,
  formatRate,
  NOTHING,
} from '../format/numbers.ts';
import { formatDate, formatDuration, formatUntil } from '../format/time.ts';
import { Answered, Nothing } from '../parts/answered.tsx';
import { Badge, Share, Success } from '../parts/badge.tsx';
import { NodeName, useNodeDashboards } from '../parts/elsewhere.tsx';
import { Facts, SidePanel } from '../parts/side-panel.tsx';
import { searchRows } from '../parts/sort-rows.ts';
import { type Column, Table } from '../parts/table.tsx';
import { NamespaceChoice, SearchField, Toolbar } from '../parts/toolbar.tsx';
import type { Health } from '../traffic/health.ts';

/** Every pod: who it is, how far it is in the mesh, what it does and what it costs. */
export function WorkloadsPage(): JSX.Element {
  const { search = '', namespace = '', chosen = '' } = place.value.parameters;
  return (
    <Answered of={useWorkloads()}>
      {({ workloads }) => {
        const inNamespace = workloads.filter((each) => namespace === '' || each.namespace === namespace);
        const rows = searchRows(inNamespace, search, (each) =>
          [each.namespace, each.name, each.identity, each.node, each.enrolment, ...each.addresses].join(' '),
        );
        const open = workloads.find((each) => each.uid === chosen);
        return (
          <>
            <Toolbar>
              <SearchField label="Search (name, identity, node, address)" />
              <NamespaceChoice namespaces={workloads.map((each) => each.namespace)} />
              <span class="muted" role="status">
                {rows.length} of {workloads.length}
              </span>
            </Toolbar>
            <div class={open === undefined ? 'with-panel' : 'with-panel open'}>
              <section class="card" aria-label="Workloads">
                <Table
                  caption="Workloads"
                  rows={rows}
                  keyOf={(each) => each.uid}
                  columns={COLUMNS}
                  onOpen={(each) => setParameters({ chosen: each.uid === chosen ? '' : each.uid })}
                  isOpen={(each) => each.uid === chosen}
                >
                  <Nothing>
                    {workloads.length === 0
                      ? 'No pod here is known to the mesh. Label a namespace istio.io/dataplane-mode=ambient, and its running pods join.'
                      : 'No pod fits the filters.'}
                  </Nothing>
                </Table>
              </section>
              {open !== undefined && <WorkloadDetails of={open} />}
            </div>
          </>
        );
      }}
    </Answered>
  );
}

function WorkloadDetails({ of }: { readonly of: WorkloadView }): JSX.Element {
  const { rates, cost, certificate } = of;
  const dashboards = useNodeDashboards();
  const placeThere = linkTo('workloads', { chosen: of.uid });
  return (
    <SidePanel title={of.name} name={`Details of ${of.name}`} onClose={() => setParameters({ chosen: '' })}>
      <Facts
        of={[
          ['Identity', <code key="identity">{of.identity || NOTHING}</code>],
          ['Node', <NodeName key="node" node={of.node} dashboards={dashboards} place={placeThere} />],
          ['Addresses', of.addresses.join(', ')],
          ['Enrolment', of.enrolment],
          ['Waypoint', of.waypoint || NOTHING],
          [
            'Certificate',
            certificate === undefined
              ? 'not held here'
              : `from ${formatDate(certificate.notBeforeMs)}, ends ${formatUntil(certificate.notAfterMs, now.value)}`,
          ],
          ['Connections', `${of.connections} open, ${of.olderConnections} from before it joined`],
          ['Requests', formatRate(rates.requests)],
          ['Refused · failed', `${formatRate(rates.refused)} · ${formatRate(rates.failed)}`],
          ['p50 · p90 · p99', [rates.p50Ms, rates.p90Ms, rates.p99Ms].map(formatLatency).join(' · ')],
          [
            'Processor',
            cost === undefined
              ? NOTHING
              : `${formatPercent(cost.cpuShare)}, ${formatNumber(cost.cpuCores * 1_000)} millicores`,
          ],
          ['Memory', cost === undefined ? NOTHING : formatBytes(cost.memoryBytes)],
          ['Bandwidth', cost === undefined ? NOTHING : formatPercent(cost.bandwidthShare)],
        ]}
      />
      <p>
        <a href={linkTo('topology', { chosen: `workload/${of.namespace}/${of.workload}` })}>
          Who it talks to
        </a>{' '}
        · <a href={linkTo('refusals', { search: `${of.namespace}/${of.workload}` })}>Its refusals</a>
      </p>
    </SidePanel>
  );
}

/** Captured and taking tunnels itself are good, failed is bad, what is on its way is neither. */
function toneOf(enrolment: string): Health | 'info' {
  if (enrolment === 'captured' || enrolment === 'native') return 'good';
  if (enrolment.startsWith('failed')) return 'bad';
  return enrolment === 'not enrolled' || enrolment === 'unknown' ? 'idle' : 'info';
}

function bytesOf(each: WorkloadView): number {
  return each.rates.sentBytes + each.rates.receivedBytes;
}

const COLUMNS: readonly Column<WorkloadView>[] = [
  {
    label: 'Pod',
    show: (each) => `${each.namespace}/${each.name}`,
    sort: (each) => `${each.namespace}/${each.name}`,
  },
  {
    label: 'Identity',
    show: (each) => shortIdentity(each.identity) || NOTHING,
    sort: (each) => each.identity,
  },
  {
    label: 'Enrolment',
    show: (each) => <Badge tone={toneOf(each.enrolment)}>{each.enrolment}</Badge>,
    sort: (each) => each.enrolment,
  },
  {
    label: 'Cert. age',
    isNumber: true,
    isExtra: true,
    show: ({ certificate }) =>
      certificate === undefined ? NOTHING : formatDuration(now.peek() - certificate.notBeforeMs),
    sort: ({ certificate }) => (certificate === undefined ? undefined : -certificate.notBeforeMs),
  },
  { label: 'Open', isNumber: true, show: (each) => each.connections, sort: (each) => each.connections },
  { label: 'Bytes', isNumber: true, show: (each) => formatByteRate(bytesOf(each)), sort: bytesOf },
  {
    label: 'Connects',
    isNumber: true,
    show: (each) => formatRate(each.rates.connects),
    sort: (each) => each.rates.connects,
  },
  {
    label: 'Success',
    isNumber: true,
    show: (each) => <Success rates={each.rates} />,
    sort: (each) => each.rates.success,
  },
  {
    label: 'Failures',
    isNumber: true,
    show: ({ rates }) => formatRate(rates.refused + rates.failed),
    sort: ({ rates }) => rates.refused + rates.failed,
  },
  {
    label: 'Proxy CPU',
    isNumber: true,
    isExtra: true,
    show: ({ cost }) => (cost === undefined ? NOTHING : <Share share={cost.cpuShare} />),
    sort: ({ cost }) => cost?.cpuShare,
  },
];
