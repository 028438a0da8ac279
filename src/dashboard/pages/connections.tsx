import type { JSX } from 'preact';
import type { ConnectionView } from '../../model/index.ts';
import { place } from '../app/router.ts';
import { now } from '../data/clock.ts';
import { type ClosedConnection, recentlyClosed, useConnections } from '../data/feeds.ts';
import { formatEnd, formatService, shortIdentity } from '../format/names.ts';
import { formatBytes } from '../format/numbers.ts';
import { formatAgo, formatDuration } from '../format/time.ts';
import { Answered, Nothing } from '../parts/answered.tsx';
import { Lock } from '../parts/badge.tsx';
import { searchRows } from '../parts/sort-rows.ts';
import { type Column, Table } from '../parts/table.tsx';
import { Choice, NamespaceChoice, SearchField, Toolbar } from '../parts/toolbar.tsx';

/** What is open through this node now, and what ended while the page looked. */
export function ConnectionsPage(): JSX.Element {
  const { search = '', namespace = '', direction = '' } = place.value.parameters;
  const fits = (each: ConnectionView): boolean =>
    (direction === '' || each.direction === direction) &&
    (namespace === '' || [each.source.namespace, each.destination.namespace].includes(namespace));
  return (
    <Answered of={useConnections()}>
      {({ connections, total }) => {
        const rows = searchRows(connections.filter(fits), search, sayConnection);
        const ended = searchRows(recentlyClosed().filter(fits), search, sayConnection);
        return (
          <>
            <Toolbar>
              <SearchField label="Search (ends, identity, address)" />
              <NamespaceChoice
                namespaces={connections.flatMap(({ source, destination }) => [
                  source.namespace,
                  destination.namespace,
                ])}
              />
              <Choice
                label="Direction"
                parameter="direction"
                options={[
                  { value: '', text: 'both' },
                  { value: 'inbound', text: 'inbound' },
                  { value: 'outbound', text: 'outbound' },
                ]}
              />
              <span class="muted" role="status">
                {rows.length} of {total} open
              </span>
            </Toolbar>
            <section class="card" aria-label="Open connections">
              <Table caption="Open connections" rows={rows} keyOf={(each) => each.id} columns={COLUMNS}>
                <Nothing>
                  No connection is open, or none fits the filters. The mesh as a whole does not list them:
                  look at a node's own page.
                </Nothing>
              </Table>
            </section>
            <section class="card" aria-labelledby="ended">
              <h2 id="ended">Ended while you looked</h2>
              <Table
                caption="Ended connections"
                rows={ended}
                keyOf={(each) => each.id}
                columns={ENDED_COLUMNS}
              >
                <Nothing>None has ended yet.</Nothing>
              </Table>
            </section>
          </>
        );
      }}
    </Answered>
  );
}

function targetOf(each: ConnectionView): string {
  return each.service === undefined ? formatEnd(each.destination) : formatService(each.service);
}

function sayConnection(each: ConnectionView): string {
  const { source, destination } = each;
  return [
    formatEnd(source),
    source.identity,
    each.sourceAddress,
    targetOf(each),
    formatEnd(destination),
    destination.identity,
    each.destinationAddress,
    each.tunnel,
    each.waypoint,
  ].join(' ');
}

const ENDS: readonly Column<ConnectionView>[] = [
  {
    label: 'From',
    show: (each) => (
      <>
        {formatEnd(each.source)}
        <small>{shortIdentity(each.source.identity) || each.sourceAddress}</small>
      </>
    ),
    sort: (each) => formatEnd(each.source),
  },
  {
    label: 'To',
    show: (each) => (
      <>
        {targetOf(each)}
        <small>{shortIdentity(each.destination.identity) || each.destinationAddress}</small>
      </>
    ),
    sort: targetOf,
  },
  { label: 'Direction', show: (each) => each.direction, sort: (each) => each.direction },
  {
    label: 'Tunnel',
    show: (each) => (
      <>
        <Lock mutualTls={each.tunnel !== ''} /> {each.tunnel || 'none'}
        {each.waypoint !== '' && <small>by waypoint {each.waypoint}</small>}
      </>
    ),
    sort: (each) => each.tunnel,
  },
];

const BYTES: readonly Column<ConnectionView>[] = [
  {
    label: 'Sent',
    isNumber: true,
    show: (each) => formatBytes(each.sentBytes),
    sort: (each) => each.sentBytes,
  },
  {
    label: 'Received',
    isNumber: true,
    show: (each) => formatBytes(each.receivedBytes),
    sort: (each) => each.receivedBytes,
  },
];

const COLUMNS: readonly Column<ConnectionView>[] = [
  ...ENDS,
  {
    label: 'Age',
    isNumber: true,
    show: (each) => <Age sinceMs={each.openedMs} />,
    sort: (each) => -each.openedMs,
  },
  ...BYTES,
];

const ENDED_COLUMNS: readonly Column<ClosedConnection>[] = [
  ...ENDS,
  {
    label: 'Ended',
    isNumber: true,
    show: (each) => formatAgo(each.closedMs, now.peek()),
    sort: (each) => each.closedMs,
  },
  {
    label: 'Lasted',
    isNumber: true,
    show: (each) => formatDuration(each.closedMs - each.openedMs),
    sort: (each) => each.closedMs - each.openedMs,
  },
  ...BYTES,
  { label: 'How', show: (each) => each.error || 'in order', sort: (each) => each.error },
];

function Age({ sinceMs }: { readonly sinceMs: number }): JSX.Element {
  return <>{formatDuration(now.value - sinceMs)}</>;
}
