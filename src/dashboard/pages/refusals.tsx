import type { JSX } from 'preact';
import { linkTo, place } from '../app/router.ts';
import type { RefusalView } from '../../model/index.ts';
import { now } from '../data/clock.ts';
import { useRefusals } from '../data/feeds.ts';
import { formatEnd, formatRule, formatTarget, shortIdentity } from '../format/names.ts';
import { formatAgo, formatClock } from '../format/time.ts';
import { Answered, Nothing } from '../parts/answered.tsx';
import { Badge } from '../parts/badge.tsx';
import { RefusalList } from '../parts/refusal-list.tsx';
import { searchRows } from '../parts/sort-rows.ts';
import { Table } from '../parts/table.tsx';
import { Choice, NamespaceChoice, SearchField, Toolbar } from '../parts/toolbar.tsx';

/** What was not let through or could not be carried: which hop said so, by which rule, and what to do. */
export function RefusalsPage(): JSX.Element {
  const { search = '', namespace = '', kind = '' } = place.value.parameters;
  return (
    <Answered of={useRefusals()}>
      {(all) => {
        const fitting = all.filter(
          (refusal) =>
            (kind === '' || refusal.kind === kind) &&
            (namespace === '' ||
              [refusal.source.namespace, refusal.destination.namespace].includes(namespace)),
        );
        const rows = searchRows(fitting, search, sayRefusal);
        return (
          <>
            <Toolbar>
              <SearchField label="Search (ends, policy, reason, hop)" />
              <NamespaceChoice
                namespaces={all.flatMap(({ source, destination }) => [
                  source.namespace,
                  destination.namespace,
                ])}
              />
              <Choice
                label="Kind"
                parameter="kind"
                options={[
                  { value: '', text: 'all' },
                  { value: 'refused', text: 'refused by a rule' },
                  { value: 'failed', text: 'failed by a fault' },
                ]}
              />
            </Toolbar>
            <section class="card" aria-labelledby="kinds">
              <h2 id="kinds">By rule, the most frequent first</h2>
              <RefusalList refusals={rows} most={8} />
            </section>
            <section class="card" aria-labelledby="each">
              <h2 id="each">One by one, the newest first</h2>
              <RefusalTable rows={rows} />
            </section>
          </>
        );
      }}
    </Answered>
  );
}

function RefusalTable({ rows }: { readonly rows: readonly RefusalView[] }): JSX.Element {
  return (
    <Table
      caption="Refusals"
      rows={rows}
      keyOf={(refusal) => refusal.id}
      columns={[
        {
          label: 'Time',
          show: (refusal) => (
            <time title={formatAgo(refusal.atMs, now.peek())}>{formatClock(refusal.atMs)}</time>
          ),
          sort: (refusal) => refusal.atMs,
        },
        {
          label: 'Kind',
          show: (refusal) => <Badge tone={refusal.kind === 'refused' ? 'warn' : 'bad'}>{refusal.kind}</Badge>,
          sort: (refusal) => refusal.kind,
        },
        {
          label: 'From',
          show: (refusal) => (
            <>
              {formatEnd(refusal.source)}
              <small>
                {shortIdentity(refusal.source.identity) || `no identity, ${refusal.sourceAddress}`}
              </small>
            </>
          ),
          sort: (refusal) => formatEnd(refusal.source),
        },
        {
          label: 'To',
          show: (refusal) => (
            <>
              {formatTarget(refusal)}
              <small>{requestOf(refusal)}</small>
            </>
          ),
          sort: formatTarget,
        },
        { label: 'Decided by', show: (refusal) => <code>{formatRule(refusal)}</code>, sort: formatRule },
        { label: 'Hop', show: (refusal) => refusal.proxy, sort: (refusal) => refusal.proxy },
        {
          label: 'What happened, and what to do',
          show: (refusal) => (
            <div class="prose">
              {refusal.message}
              {refusal.hint !== '' && <small>{refusal.hint}</small>}
              {refusal.traceId !== '' && (
                <small>
                  <a href={linkTo('trace', { id: refusal.traceId })}>trace {refusal.traceId.slice(0, 8)}…</a>
                </small>
              )}
            </div>
          ),
        },
      ]}
    >
      <Nothing>
        Nothing was refused in the last fifteen minutes. New refusals appear here by themselves.
      </Nothing>
    </Table>
  );
}

function requestOf({ request, dialled }: RefusalView): string {
  return request === undefined
    ? dialled
    : `${request.method} ${request.host}${request.path} → ${request.status}`;
}

function sayRefusal(refusal: RefusalView): string {
  return [
    formatEnd(refusal.source),
    refusal.source.identity,
    formatTarget(refusal),
    requestOf(refusal),
    formatRule(refusal),
    refusal.reason,
    refusal.proxy,
    refusal.message,
  ].join(' ');
}
