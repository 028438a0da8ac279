import type { JSX } from 'preact';
import type { PolicyView } from '../../model/index.ts';
import { linkTo, place } from '../app/router.ts';
import { useAnswer } from '../data/resource.ts';
import { formatNumber } from '../format/numbers.ts';
import { Answered, Nothing } from '../parts/answered.tsx';
import { Badge } from '../parts/badge.tsx';
import { searchRows } from '../parts/sort-rows.ts';
import { type Column, Table } from '../parts/table.tsx';
import { NamespaceChoice, SearchField, Toolbar } from '../parts/toolbar.tsx';

/** The policies in force, what they decided, and what those on trial would have decided. */
export function PoliciesPage(): JSX.Element {
  const { search = '', namespace = '' } = place.value.parameters;
  return (
    <Answered of={useAnswer('/api/v1/policies')}>
      {({ policies }) => {
        const inNamespace = policies.filter((each) => namespace === '' || each.namespace === namespace);
        const rows = searchRows(
          inNamespace,
          search,
          (each) => `${keyOf(each)} ${each.action} ${each.scope} ${each.problem}`,
        );
        return (
          <>
            <Toolbar>
              <SearchField label="Search (name, action, scope)" />
              <NamespaceChoice namespaces={policies.map((each) => each.namespace)} />
            </Toolbar>
            <section class="card" aria-label="Policies">
              <Table caption="Policies" rows={rows} keyOf={keyOf} columns={COLUMNS}>
                <Nothing>
                  {policies.length === 0
                    ? 'No policy is in force: everybody in the mesh may talk to everybody.'
                    : 'No policy fits the filters.'}
                </Nothing>
              </Table>
            </section>
          </>
        );
      }}
    </Answered>
  );
}

function keyOf(each: PolicyView): string {
  return `${each.kind} ${each.namespace}/${each.name}`;
}

const COLUMNS: readonly Column<PolicyView>[] = [
  {
    label: 'Policy',
    show: (each) => (
      <>
        {each.namespace}/{each.name}
        <small>{each.kind}</small>
      </>
    ),
    sort: (each) => `${each.namespace}/${each.name}`,
  },
  {
    label: 'Action',
    show: (each) => (
      <>
        <Badge tone={each.action === 'DENY' ? 'bad' : 'info'}>{each.action}</Badge>{' '}
        {each.dryRun && <Badge tone="warn">dry run</Badge>}
      </>
    ),
    sort: (each) => each.action,
  },
  { label: 'Applies to', show: (each) => each.scope, sort: (each) => each.scope },
  {
    label: 'Allowed',
    isNumber: true,
    show: (each) => formatNumber(each.allowed),
    sort: (each) => each.allowed,
  },
  {
    label: 'Denied',
    isNumber: true,
    show: (each) =>
      each.denied === 0 ? (
        '0'
      ) : (
        <a href={linkTo('refusals', { search: `${each.namespace}/${each.name}` })} class="tone-text-warn">
          {formatNumber(each.denied)}
        </a>
      ),
    sort: (each) => each.denied,
  },
  {
    label: 'Would deny',
    isNumber: true,
    show: (each) => (each.dryRun ? formatNumber(each.wouldDeny) : '–'),
    sort: (each) => each.wouldDeny,
  },
  {
    label: 'Would allow',
    isNumber: true,
    show: (each) => (each.dryRun ? formatNumber(each.wouldAllow) : '–'),
    sort: (each) => each.wouldAllow,
  },
  {
    label: 'Problem',
    show: (each) => (each.problem === '' ? '–' : <span class="tone-text-bad">{each.problem}</span>),
    sort: (each) => each.problem,
  },
];
