import type { JSX } from 'preact';
import type { CertificateView } from '../../model/index.ts';
import { place, setParameters } from '../app/router.ts';
import { now } from '../data/clock.ts';
import { useAnswer } from '../data/resource.ts';
import { shortIdentity } from '../format/names.ts';
import { NOTHING } from '../format/numbers.ts';
import { formatDate, formatUntil } from '../format/time.ts';
import { Answered, Nothing } from '../parts/answered.tsx';
import { Badge, Share } from '../parts/badge.tsx';
import { Facts, SidePanel } from '../parts/side-panel.tsx';
import { searchRows } from '../parts/sort-rows.ts';
import { type Column, Table } from '../parts/table.tsx';
import { Choice, SearchField, Toolbar } from '../parts/toolbar.tsx';
import { certificateHealth, certificateState, lifeUsed } from '../traffic/certificate-health.ts';

/** When certificates end, and how their rotations went. */
export function CertificatesPage(): JSX.Element {
  const { search = '', kind = '', chosen = '' } = place.value.parameters;
  return (
    <Answered of={useAnswer('/api/v1/certificates')}>
      {({ certificates }) => {
        const ofKind = certificates.filter((each) => kind === '' || each.kind === kind);
        const rows = searchRows(
          ofKind,
          search,
          (each) => `${each.name} ${each.proxy} ${each.serial} ${each.state}`,
        );
        const open = certificates.find((each) => keyOf(each) === chosen);
        return (
          <>
            <Toolbar>
              <SearchField label="Search (name, proxy, serial)" />
              <Choice label="Kind" parameter="kind" options={KINDS} />
            </Toolbar>
            <div class={open === undefined ? 'with-panel' : 'with-panel open'}>
              <section class="card" aria-label="Certificates">
                <Table
                  caption="Certificates"
                  rows={rows}
                  keyOf={keyOf}
                  columns={COLUMNS}
                  onOpen={(each) => setParameters({ chosen: keyOf(each) === chosen ? '' : keyOf(each) })}
                  isOpen={(each) => keyOf(each) === chosen}
                >
                  <Nothing>
                    {certificates.length === 0
                      ? 'No certificate is held here yet.'
                      : 'No certificate fits the filters.'}
                  </Nothing>
                </Table>
              </section>
              {open !== undefined && <CertificateDetails of={open} />}
            </div>
          </>
        );
      }}
    </Answered>
  );
}

function CertificateDetails({ of }: { readonly of: CertificateView }): JSX.Element {
  const name = shortIdentity(of.name);
  return (
    <SidePanel title={name} name={`Details of ${name}`} onClose={() => setParameters({ chosen: '' })}>
      <Facts
        of={[
          ['Name', <code key="name">{of.name}</code>],
          ['Serial', <code key="serial">{of.serial}</code>],
          ['Held by', of.proxy],
          ['Begins', of.notBeforeMs === 0 ? NOTHING : formatDate(of.notBeforeMs)],
          ['Ends', `${formatDate(of.notAfterMs)}, ${formatUntil(of.notAfterMs, now.value)}`],
        ]}
      />
      <h3>Rotations, the newest first</h3>
      {of.rotations.length === 0 ? (
        <Nothing>None since this process started.</Nothing>
      ) : (
        <ol class="rotations">
          {of.rotations.map((rotation) => (
            <li key={`${rotation.atMs} ${rotation.serial}`}>
              <Badge tone={rotation.outcome === 'issued' ? 'good' : 'bad'}>{rotation.outcome}</Badge>{' '}
              {formatDate(rotation.atMs)}
              <small>{rotation.error === '' ? rotation.serial : rotation.error}</small>
            </li>
          ))}
        </ol>
      )}
    </SidePanel>
  );
}

function keyOf(each: CertificateView): string {
  return `${each.kind} ${each.proxy} ${each.name} ${each.serial}`;
}

const KINDS = ['all', 'root', 'intermediate', 'server', 'workload'].map((kind) => ({
  value: kind === 'all' ? '' : kind,
  text: kind,
}));

const COLUMNS: readonly Column<CertificateView>[] = [
  { label: 'Name', show: (each) => shortIdentity(each.name), sort: (each) => each.name },
  { label: 'Kind', show: (each) => each.kind, sort: (each) => each.kind },
  {
    label: 'State',
    show: (each) => (
      <Badge tone={certificateHealth(each, now.peek())}>{certificateState(each, now.peek())}</Badge>
    ),
    sort: (each) => each.state,
  },
  {
    label: 'Ends',
    isNumber: true,
    show: (each) => (
      <span title={formatDate(each.notAfterMs)}>{formatUntil(each.notAfterMs, now.peek())}</span>
    ),
    sort: (each) => -each.notAfterMs,
  },
  {
    label: 'Life used',
    isNumber: true,
    show: (each) => {
      const used = lifeUsed(each, now.peek());
      return used === undefined ? NOTHING : <Share share={used} tone={certificateHealth(each, now.peek())} />;
    },
    sort: (each) => lifeUsed(each, now.peek()),
  },
  {
    label: 'Last rotation',
    show: ({ rotations: [last] }) =>
      last === undefined ? (
        '–'
      ) : last.outcome === 'issued' ? (
        formatDate(last.atMs)
      ) : (
        <span class="tone-text-bad">failed {formatDate(last.atMs)}</span>
      ),
    sort: ({ rotations: [last] }) => last?.atMs,
  },
  { label: 'Held by', show: (each) => each.proxy, sort: (each) => each.proxy },
];
