import type { JSX } from 'preact';
import type { ApiInfo, WaypointView } from '../../model/index.ts';
import { now } from '../data/clock.ts';
import { useAnswer } from '../data/resource.ts';
import { formatLatency, formatRate } from '../format/numbers.ts';
import { formatUntil } from '../format/time.ts';
import { linkTo } from '../app/router.ts';
import { Answered, Nothing } from '../parts/answered.tsx';
import { Badge, Success } from '../parts/badge.tsx';
import { type Column, Table } from '../parts/table.tsx';

/** The L7 proxies: what they route, how that goes, and which endpoints they leave out. */
export function WaypointsPage(): JSX.Element {
  const info = useAnswer('/api/v1/info', {}, 30_000).data;
  return (
    <Answered of={useAnswer('/api/v1/waypoints')}>
      {({ waypoints }) =>
        waypoints.length === 0 ? (
          <Nothing>
            There is no waypoint here.{' '}
            <code>nodemesh waypoint apply -n NAMESPACE --enroll-namespace --wait</code> makes one.
          </Nothing>
        ) : (
          waypoints.map((each) => <Waypoint key={`${each.namespace}/${each.name}`} of={each} seenBy={info} />)
        )
      }
    </Answered>
  );
}

function Waypoint(props: { readonly of: WaypointView; readonly seenBy: ApiInfo | undefined }): JSX.Element {
  const { of, seenBy } = props;
  const name = `${of.namespace}/${of.name}`;
  const { rates, ready } = of;
  const tone = ready.pods === 0 ? 'bad' : ready.pods < ready.total ? 'warn' : 'good';
  return (
    <section class="card" aria-label={`Waypoint ${name}`}>
      <h2>
        {name}{' '}
        <Badge tone={tone}>
          {ready.pods} of {ready.total} ready
        </Badge>
      </h2>
      <p class="figures">
        <span>serves {of.serves}</span>
        <span>{formatRate(rates.requests)} requests</span>
        <span>
          <Success rates={rates} /> succeed
        </span>
        <span>
          p50 {formatLatency(rates.p50Ms)} · p90 {formatLatency(rates.p90Ms)} · p99{' '}
          {formatLatency(rates.p99Ms)}
        </span>
        {rates.refused > 0 && <span class="tone-text-warn">{formatRate(rates.refused)} refused</span>}
        <span>{formatRate(rates.retries)} retries</span>
        {seenBy?.scope === 'mesh' && (
          <a href={linkTo('requests', { search: `waypoint/${of.namespace}/${of.name}` })}>live requests</a>
        )}
      </p>
      {seenBy?.scope === 'node' ? (
        <SeenFromANode meshUrl={seenBy.meshUrl} />
      ) : (
        <Table caption={`Routes of ${name}`} rows={of.routes} keyOf={keyOf} columns={ROUTES}>
          <Nothing>No route is bound to it: requests go to the service that they name.</Nothing>
        </Table>
      )}
      {of.ejected.length > 0 && (
        <>
          <h3>Endpoints left out for now</h3>
          <Table
            caption={`Ejected endpoints of ${name}`}
            rows={of.ejected}
            keyOf={({ backend, endpoint }) => `${backend} ${endpoint}`}
            columns={EJECTED}
          />
        </>
      )}
    </section>
  );
}

/** A node's proxy sees connections to a waypoint, and nothing of what goes on in it. */
function SeenFromANode({ meshUrl }: { readonly meshUrl: string }): JSX.Element {
  const text = 'routes, retries and endpoints that are left out';
  return (
    <p class="muted">
      This node sees its connections alone. {meshUrl === '' ? 'The dashboard of the mesh has ' : ''}
      {meshUrl === '' ? text : <a href={`${meshUrl}${linkTo('waypoints')}`}>Its {text}</a>}.
    </p>
  );
}

type Route = WaypointView['routes'][number];
type Ejected = WaypointView['ejected'][number];

function keyOf(route: Route): string {
  return `${route.kind} ${route.namespace}/${route.name} ${route.service} ${route.rule}`;
}

const ROUTES: readonly Column<Route>[] = [
  {
    label: 'Route',
    show: (route) => (
      <>
        {route.namespace}/{route.name}
        <small>
          {route.kind}, rule {route.rule}
        </small>
      </>
    ),
    sort: (route) => `${route.namespace}/${route.name} ${route.rule}`,
  },
  { label: 'Service', isExtra: true, show: (route) => route.service, sort: (route) => route.service },
  {
    label: 'Requests',
    isNumber: true,
    show: ({ rates }) => formatRate(rates.requests),
    sort: ({ rates }) => rates.requests,
  },
  {
    label: 'Success',
    isNumber: true,
    show: ({ rates }) => <Success rates={rates} />,
    sort: ({ rates }) => rates.success,
  },
  {
    label: 'p50',
    isNumber: true,
    show: ({ rates }) => formatLatency(rates.p50Ms),
    sort: ({ rates }) => rates.p50Ms,
  },
  {
    label: 'p90',
    isNumber: true,
    isExtra: true,
    show: ({ rates }) => formatLatency(rates.p90Ms),
    sort: ({ rates }) => rates.p90Ms,
  },
  {
    label: 'p99',
    isNumber: true,
    show: ({ rates }) => formatLatency(rates.p99Ms),
    sort: ({ rates }) => rates.p99Ms,
  },
  {
    label: 'Retries',
    isNumber: true,
    show: ({ rates }) => formatRate(rates.retries),
    sort: ({ rates }) => rates.retries,
  },
];

const EJECTED: readonly Column<Ejected>[] = [
  { label: 'Endpoint', show: (each) => each.endpoint, sort: (each) => each.endpoint },
  { label: 'Backend', show: (each) => each.backend, sort: (each) => each.backend },
  { label: 'Why', show: (each) => each.reason, sort: (each) => each.reason },
  {
    label: 'Tried again',
    show: (each) => formatUntil(each.untilMs, now.value),
    sort: (each) => each.untilMs,
  },
];
