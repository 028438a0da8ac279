import type { JSX } from 'preact';
import type { ServiceProblem, ServiceView } from '../../model/index.ts';
import { linkTo, place, setParameters } from '../app/router.ts';
import { useAnswer } from '../data/resource.ts';
import {
  formatByteRate,
  formatLatency,
  formatNumber,
  formatPercent,
  formatRate,
  NOTHING,
} from '../format/numbers.ts';
import { Answered, Nothing } from '../parts/answered.tsx';
import { Badge, Success } from '../parts/badge.tsx';
import { Chart } from '../parts/chart.tsx';
import { searchRows } from '../parts/sort-rows.ts';
import { type Column, Table } from '../parts/table.tsx';
import { chosenWindow, NamespaceChoice, SearchField, Toolbar, WindowChoice } from '../parts/toolbar.tsx';
import { volumeOf } from '../traffic/health.ts';

/** The services and, for the chosen one, how it went over time. */
export function ServicesPage(): JSX.Element {
  const { search = '', namespace = '', chosen = '' } = place.value.parameters;
  return (
    <Answered of={useAnswer('/api/v1/services', { window: chosenWindow() })}>
      {({ services }) => {
        const inNamespace = services.filter((each) => namespace === '' || each.namespace === namespace);
        const rows = searchRows(inNamespace, search, (each) =>
          [each.namespace, each.name, each.hostname, each.waypoint, ...each.addresses].join(' '),
        );
        const shown = services.find((each) => keyOf(each) === chosen) ?? busiest(rows);
        return (
          <>
            <Toolbar>
              <SearchField label="Search (name, address, waypoint)" />
              <NamespaceChoice namespaces={services.map((each) => each.namespace)} />
              <WindowChoice />
            </Toolbar>
            {shown !== undefined && <Series of={shown} />}
            <section class="card" aria-label="Services">
              <Table
                caption="Services"
                rows={rows}
                keyOf={keyOf}
                columns={COLUMNS}
                onOpen={(each) => setParameters({ chosen: keyOf(each) })}
                isOpen={(each) => each === shown}
              >
                <Nothing>
                  {services.length === 0 ? 'The mesh knows no service.' : 'No service fits the filters.'}
                </Nothing>
              </Table>
            </section>
          </>
        );
      }}
    </Answered>
  );
}

function Series({ of }: { readonly of: ServiceView }): JSX.Element {
  const window = chosenWindow();
  const series = useAnswer('/api/v1/service-metrics', {
    namespace: of.namespace,
    name: of.name,
    window,
    step: window <= 300 ? 5 : 15,
  });
  return (
    <section class="card" aria-label={`${of.name} over time`}>
      <h2>
        {of.namespace}/{of.name}{' '}
        <a href={linkTo('topology', { chosen: `service/${keyOf(of)}`, services: 'apart' })}>who calls it</a>
      </h2>
      <Problems of={of} />
      <Answered of={series}>
        {({ times, rates }) => (
          <div class="charts">
            <Chart
              title="Rate"
              times={times}
              format={formatRate}
              lines={[
                {
                  label: 'requests or connects',
                  values: rates.map(volumeOf),
                  colour: '--blue',
                  isFilled: true,
                },
                { label: 'refused', values: rates.map((each) => each.refused), colour: '--warn' },
                { label: 'failed', values: rates.map((each) => each.failed), colour: '--bad' },
              ]}
            />
            <Chart
              title="Latency"
              times={times}
              format={formatLatency}
              lines={[
                { label: 'p50', values: rates.map((each) => each.p50Ms), colour: '--blue' },
                { label: 'p90', values: rates.map((each) => each.p90Ms), colour: '--violet' },
                { label: 'p99', values: rates.map((each) => each.p99Ms), colour: '--warn' },
              ]}
            />
            <Chart
              title="Success"
              times={times}
              format={formatPercent}
              lines={[
                {
                  label: 'of all',
                  values: rates.map((each) => each.success),
                  colour: '--good',
                  isFilled: true,
                },
              ]}
            />
          </div>
        )}
      </Answered>
    </section>
  );
}

function busiest(services: readonly ServiceView[]): ServiceView | undefined {
  return services.reduce<ServiceView | undefined>(
    (most, each) => (most === undefined || volumeOf(each.rates) > volumeOf(most.rates) ? each : most),
    undefined,
  );
}

function keyOf(each: ServiceView): string {
  return `${each.namespace}/${each.name}`;
}

function Problems({ of }: { readonly of: ServiceView }): JSX.Element | null {
  if (of.problems.length === 0) return null;
  return (
    <ol class="refusals">
      {of.problems.map(({ kind, message, hint }) => (
        <li key={message} class={`refusal ${toneOf(kind) === 'bad' ? 'refusal-failed' : ''}`}>
          <p class="refusal-message">{message}</p>
          <p class="refusal-hint">{hint}</p>
        </li>
      ))}
    </ol>
  );
}

function toneOf(kind: ServiceProblem['kind']): 'warn' | 'bad' {
  return ['slow', 'refused', 'ejected'].includes(kind) ? 'warn' : 'bad';
}

const PROBLEM_WORDS: Readonly<Record<ServiceProblem['kind'], string>> = {
  'waypoint-missing': 'no waypoint',
  'no-endpoint': 'no endpoint',
  failing: 'failing',
  ejected: 'ejected',
  refused: 'refused',
  slow: 'slow',
};

const COLUMNS: readonly Column<ServiceView>[] = [
  { label: 'Service', show: keyOf, sort: keyOf },
  {
    label: 'State',
    show: ({ problems: [first] }) =>
      first === undefined ? (
        NOTHING
      ) : (
        <>
          <Badge tone={toneOf(first.kind)}>{PROBLEM_WORDS[first.kind]}</Badge>
          <small>{first.message}</small>
        </>
      ),
    sort: ({ problems }) => -problems.length,
  },
  {
    label: 'Endpoints',
    isNumber: true,
    show: ({ endpoints }) => (
      <span
        class={endpoints.healthy === endpoints.total && endpoints.total > 0 ? undefined : 'tone-text-bad'}
      >
        {endpoints.healthy} of {endpoints.total}
      </span>
    ),
    sort: ({ endpoints }) => endpoints.healthy,
  },
  {
    label: 'Rate',
    isNumber: true,
    show: (each) => formatRate(volumeOf(each.rates)),
    sort: (each) => volumeOf(each.rates),
  },
  {
    label: 'Success',
    isNumber: true,
    show: (each) => <Success rates={each.rates} />,
    sort: (each) => each.rates.success,
  },
  {
    label: 'p50',
    isNumber: true,
    show: (each) => formatLatency(each.rates.p50Ms),
    sort: (each) => each.rates.p50Ms,
  },
  {
    label: 'p90',
    isNumber: true,
    isExtra: true,
    show: (each) => formatLatency(each.rates.p90Ms),
    sort: (each) => each.rates.p90Ms,
  },
  {
    label: 'p99',
    isNumber: true,
    show: (each) => formatLatency(each.rates.p99Ms),
    sort: (each) => each.rates.p99Ms,
  },
  {
    label: 'Bytes',
    isNumber: true,
    isExtra: true,
    show: ({ rates }) => formatByteRate(rates.sentBytes + rates.receivedBytes),
    sort: ({ rates }) => rates.sentBytes + rates.receivedBytes,
  },
  {
    label: 'Retries',
    isNumber: true,
    isExtra: true,
    show: (each) => formatNumber(each.rates.retries),
    sort: (each) => each.rates.retries,
  },
  { label: 'Waypoint', show: (each) => each.waypoint || NOTHING, sort: (each) => each.waypoint },
  {
    label: 'Addresses',
    isExtra: true,
    show: (each) => `${each.addresses.join(', ')} : ${each.ports.join(', ')}`,
  },
];
