import type { JSX } from 'preact';
import type { ProxyView } from '../../model/index.ts';
import { place, setParameters } from '../app/router.ts';
import { now } from '../data/clock.ts';
import { useAnswer } from '../data/resource.ts';
import { formatLatency, NOTHING } from '../format/numbers.ts';
import { formatAgo, formatDuration } from '../format/time.ts';
import { Answered, Nothing } from '../parts/answered.tsx';
import { Badge } from '../parts/badge.tsx';
import { NodeName, useNodeDashboards } from '../parts/elsewhere.tsx';
import { SidePanel } from '../parts/side-panel.tsx';
import { type Column, Table } from '../parts/table.tsx';
import type { Health } from '../traffic/health.ts';

/** Whether every proxy knows what it should, and how long telling them takes. */
export function ProxiesPage(): JSX.Element {
  const { chosen = '' } = place.value.parameters;
  const dashboards = useNodeDashboards();
  return (
    <Answered of={useAnswer('/api/v1/proxies')}>
      {({ proxies }) => {
        const open = proxies.find((each) => each.id === chosen);
        return (
          <div class={open === undefined ? 'with-panel' : 'with-panel open'}>
            <section class="card" aria-label="Proxies">
              <Table
                caption="Proxies"
                rows={[...proxies].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))}
                keyOf={(each) => each.id}
                columns={columnsWith(dashboards)}
                onOpen={(each) => setParameters({ chosen: each.id === chosen ? '' : each.id })}
                isOpen={(each) => each.id === chosen}
              >
                <Nothing>
                  No proxy is connected. Only the controller's page lists them: this may be a node's.
                </Nothing>
              </Table>
            </section>
            {open !== undefined && <ProxyDetails of={open} />}
          </div>
        );
      }}
    </Answered>
  );
}

function ProxyDetails({ of }: { readonly of: ProxyView }): JSX.Element {
  return (
    <SidePanel title={of.id} name={`Details of ${of.id}`} onClose={() => setParameters({ chosen: '' })}>
      <p>
        <Badge tone={TONES[of.state]}>{of.state}</Badge> {of.reason}
      </p>
      <Table
        caption={`Versions that ${of.id} knows`}
        rows={of.types}
        keyOf={(type) => type.typeUrl}
        columns={[
          {
            label: 'Type',
            show: (type) => type.typeUrl.split('/').at(-1)?.split('.').at(-1) ?? type.typeUrl,
          },
          { label: 'Sent', show: (type) => <code>{shorten(type.sent)}</code> },
          { label: 'Acknowledged', show: (type) => <code>{shorten(type.acknowledged)}</code> },
          {
            label: 'Rejected',
            show: (type) =>
              type.rejected === '' ? NOTHING : <span class="tone-text-bad">{type.rejected}</span>,
          },
          {
            label: 'When',
            show: (type) => (type.acknowledgedMs === 0 ? NOTHING : formatAgo(type.acknowledgedMs, now.value)),
          },
        ]}
      >
        <Nothing>It has asked for nothing yet.</Nothing>
      </Table>
    </SidePanel>
  );
}

function shorten(version: string): string {
  return version === '' ? NOTHING : version.slice(0, 12);
}

const ORDER: readonly ProxyView['state'][] = ['rejecting', 'stale', 'gone', 'current'];
const TONES: Readonly<Record<ProxyView['state'], Health>> = {
  current: 'good',
  stale: 'warn',
  rejecting: 'bad',
  gone: 'bad',
};

const columnsWith = (dashboards: ReadonlyMap<string, string>): readonly Column<ProxyView>[] => [
  { label: 'Proxy', show: (each) => each.id, sort: (each) => each.id },
  {
    label: 'State',
    show: (each) => (
      <>
        <Badge tone={TONES[each.state]}>{each.state}</Badge>
        {each.reason !== '' && <small>{each.reason}</small>}
      </>
    ),
    sort: (each) => each.state,
  },
  {
    label: 'Node',
    show: ({ node }) => <NodeName node={node} dashboards={dashboards} />,
    sort: (each) => each.node,
  },
  { label: 'Version', show: (each) => each.version || NOTHING, sort: (each) => each.version },
  {
    label: 'Connected',
    isNumber: true,
    show: (each) => formatDuration(now.peek() - each.connectedMs),
    sort: (each) => -each.connectedMs,
  },
  {
    label: 'Acknowledged',
    isNumber: true,
    show: (each) =>
      `${each.types.filter((type) => type.sent === type.acknowledged).length} of ${each.types.length} types`,
    sort: (each) => each.types.filter((type) => type.sent === type.acknowledged).length,
  },
  {
    label: 'Push p50',
    isNumber: true,
    show: (each) => formatLatency(each.pushP50Ms),
    sort: (each) => each.pushP50Ms,
  },
  {
    label: 'Push p99',
    isNumber: true,
    show: (each) => formatLatency(each.pushP99Ms),
    sort: (each) => each.pushP99Ms,
  },
  {
    label: 'Last report',
    isNumber: true,
    show: (each) => (each.lastReportMs === 0 ? NOTHING : formatAgo(each.lastReportMs, now.peek())),
    sort: (each) => each.lastReportMs,
  },
];
