import type { JSX } from 'preact';
import { linkTo, place } from '../app/router.ts';
import { recentRequests, type SeenRequest, useRequests } from '../data/feeds.ts';
import { formatEnd, formatService, shortIdentity } from '../format/names.ts';
import { formatLatency, NOTHING } from '../format/numbers.ts';
import { formatClock } from '../format/time.ts';
import { Nothing } from '../parts/answered.tsx';
import { Badge } from '../parts/badge.tsx';
import { searchRows } from '../parts/sort-rows.ts';
import { type Column, Table } from '../parts/table.tsx';
import { Choice, NamespaceChoice, SearchField, Toolbar } from '../parts/toolbar.tsx';
import { outcomeOf, toneOfRequest } from '../traffic/request-outcome.ts';

/** The requests of waypoints as they end, for as long as somebody looks. */
export function RequestsPage(): JSX.Element {
  useRequests();
  const { search = '', namespace = '', outcome = '' } = place.value.parameters;
  const seen = recentRequests();
  const fitting = seen.filter(
    (each) =>
      (outcome === '' || outcomeOf(each) === outcome) &&
      (namespace === '' || namespacesOf(each).includes(namespace)),
  );
  const rows = searchRows(fitting, search, sayRequest);
  return (
    <>
      <Toolbar>
        <SearchField label="Search (ends, path, status, route, policy)" />
        <NamespaceChoice namespaces={seen.flatMap(namespacesOf)} />
        <Choice label="Outcome" parameter="outcome" options={OUTCOMES} />
        <span class="muted" role="status">
          {rows.length} of the last {seen.length}
        </span>
      </Toolbar>
      <section class="card" aria-label="Requests">
        <Table
          caption="Requests, the newest first"
          rows={rows}
          keyOf={(each) => `${each.id}`}
          columns={COLUMNS}
        >
          <Nothing>
            {seen.length === 0
              ? 'No request has ended since you opened this page. Those that go through a waypoint appear here by themselves; without one a connection is carried as it is.'
              : 'No request fits the filters.'}
          </Nothing>
        </Table>
      </section>
    </>
  );
}

function namespacesOf({ source, destination, service }: SeenRequest): readonly string[] {
  return [source.namespace, destination.namespace, service?.namespace ?? ''];
}

function targetOf({ service, destination, host }: SeenRequest): string {
  if (service !== undefined) return formatService(service);
  return destination.workload === '' ? host : formatEnd(destination);
}

function statusOf({ status, grpcStatus }: SeenRequest): string {
  return grpcStatus === undefined ? `${status}` : `${status}, gRPC ${grpcStatus}`;
}

function sayRequest(each: SeenRequest): string {
  return [
    formatEnd(each.source),
    each.source.identity,
    targetOf(each),
    formatEnd(each.destination),
    each.method,
    `${each.host}${each.path}`,
    statusOf(each),
    each.route,
    each.reason,
    each.policy,
    each.proxy,
    each.traceId,
  ].join(' ');
}

const OUTCOMES = [
  { value: '', text: 'all' },
  { value: 'answered', text: 'answered' },
  { value: 'refused', text: 'refused by a rule' },
  { value: 'failed', text: 'failed' },
];

const COLUMNS: readonly Column<SeenRequest>[] = [
  { label: 'Time', show: (each) => formatClock(each.atMs), sort: (each) => each.atMs },
  {
    label: 'Status',
    show: (each) => <Badge tone={toneOfRequest(each)}>{statusOf(each)}</Badge>,
    sort: (each) => each.status,
  },
  {
    label: 'Request',
    show: (each) => (
      <div class="path">
        {each.method} {each.path}
        <small>{each.host}</small>
      </div>
    ),
    sort: (each) => `${each.path} ${each.method}`,
  },
  {
    label: 'From',
    show: (each) => (
      <>
        {formatEnd(each.source)}
        <small>{shortIdentity(each.source.identity) || `no identity, ${each.sourceAddress}`}</small>
      </>
    ),
    sort: (each) => formatEnd(each.source),
  },
  {
    label: 'To',
    show: (each) => (
      <>
        {targetOf(each)}
        {each.destination.workload !== '' && <small>{formatEnd(each.destination)}</small>}
      </>
    ),
    sort: targetOf,
  },
  {
    label: 'Took',
    isNumber: true,
    show: (each) => formatLatency(each.durationMs),
    sort: (each) => each.durationMs,
  },
  {
    label: 'Tries',
    isNumber: true,
    isExtra: true,
    show: (each) => <span class={each.attempts > 1 ? 'tone-text-warn' : undefined}>{each.attempts}</span>,
    sort: (each) => each.attempts,
  },
  {
    label: 'Route, or who refused',
    show: (each) => (
      <>
        {each.policy || each.route || NOTHING}
        <small>{each.reason}</small>
      </>
    ),
    sort: (each) => each.policy || each.route,
  },
  {
    label: 'Trace',
    isExtra: true,
    show: ({ traceId }) =>
      traceId === '' ? (
        NOTHING
      ) : (
        <a href={linkTo('trace', { id: traceId })} title={traceId}>
          {traceId.slice(0, 8)}…
        </a>
      ),
  },
];
