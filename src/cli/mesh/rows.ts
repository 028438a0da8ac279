import { readUnboundAddress } from '../../model/index.ts';
import {
  type ConfigDump,
  type DumpedCertificate,
  type DumpedCertificateEntry,
  type DumpedConnection,
  type DumpedOlderConnection,
  type DumpedPolicy,
  type DumpedService,
  type DumpedWaypoint,
  type DumpedWorkload,
  valuesOf,
} from './config-dump.ts';

/** What one command shows: its columns as in wire.md §5.4, and the data behind the rows for -o json and yaml. */
export interface View<T> {
  readonly header: readonly string[];
  /** Spaces between columns: istioctl's tables differ in that. */
  readonly gap: number;
  readonly select: (dump: ConfigDump, filter: Filter) => readonly T[];
  readonly row: (item: T, dump: ConfigDump, nowMs: number) => readonly (readonly string[])[];
}

/** Which rows are shown; absent: all. */
export interface Filter {
  readonly address?: string;
  readonly namespace?: string;
  readonly workloadNode?: string;
  readonly direction?: string;
}

export const WORKLOADS: View<DumpedWorkload> = {
  header: ['NAMESPACE', 'POD NAME', 'ADDRESS', 'NODE', 'WAYPOINT', 'PROTOCOL'],
  gap: 1,
  select: (dump, { address, namespace, workloadNode }) =>
    unique(valuesOf(dump.workloads), ({ uid, namespace: ns, name }) => uid ?? `${ns}/${name}`)
      .filter((workload) => address === undefined || workload.workloadIps?.includes(address) === true)
      .filter((workload) => namespace === undefined || workload.namespace === namespace)
      .filter((workload) => workloadNode === undefined || workload.node === workloadNode)
      .sort(byNamespaceAndName),
  row: (workload, dump) => [
    [
      workload.namespace,
      workload.name,
      workload.workloadIps?.[0] ?? workload.hostname ?? '',
      workload.node ?? '',
      waypointName(workload.waypoint, dump),
      workload.protocol ?? 'TCP',
    ],
  ],
};

export const SERVICES: View<DumpedService> = {
  header: ['NAMESPACE', 'SERVICE NAME', 'SERVICE VIP', 'WAYPOINT', 'ENDPOINTS'],
  gap: 1,
  select: (dump, { namespace }) =>
    unique(valuesOf(dump.services), ({ namespace: ns, name, hostname }) => `${ns}/${hostname ?? name}`)
      .filter((service) => namespace === undefined || service.namespace === namespace)
      .sort(byNamespaceAndName),
  row: (service, dump) => {
    const endpoints = Object.values(service.endpoints ?? {});
    const healthy = endpoints.filter(
      ({ status }) => status === undefined || status.toLowerCase() === 'healthy',
    );
    return [
      [
        service.namespace,
        service.name,
        (service.vips ?? []).map(afterSlash).join(','),
        waypointCell(service, dump),
        `${healthy.length}/${endpoints.length}`,
      ],
    ];
  },
};

export const POLICIES: View<DumpedPolicy> = {
  header: ['NAMESPACE', 'POLICY NAME', 'ACTION', 'SCOPE'],
  gap: 1,
  select: (dump, { namespace }) =>
    [...(dump.policies ?? [])]
      .filter((policy) => namespace === undefined || policy.namespace === namespace)
      .sort(byNamespaceAndName),
  row: (policy) => [[policy.namespace, policy.name, actionCell(policy), policy.scope]],
};

/** Istio's tables have no column for what its proxies do not know. */
function actionCell({ action, dryRun, notUnderstood }: DumpedPolicy): string {
  if (notUnderstood !== undefined) return `${action}(not-understood)`;
  return dryRun === true ? `${action}(dry-run)` : action;
}

export const CERTIFICATES: View<DumpedCertificate> = {
  header: ['CERTIFICATE NAME', 'TYPE', 'STATUS', 'VALID CERT', 'SERIAL NUMBER', 'NOT AFTER', 'NOT BEFORE'],
  gap: 5,
  select: (dump) => dump.certificates ?? [],
  row({ identity, state, certChain = [], rootCerts = [] }, _, nowMs) {
    // A proxy that lists no roots of its own has the root at the end of the chain.
    const last = rootCerts.length === 0 ? certChain.length - 1 : certChain.length;
    const chain = certChain.map((entry, index) => ({
      entry,
      type: index === 0 ? 'Leaf' : index === last ? 'Root' : 'Intermediate',
    }));
    const entries = [...chain, ...rootCerts.map((entry) => ({ entry, type: 'Root' }))];
    // What stands behind a colon is the reason, which -o yaml shows.
    const status = state.split(':')[0] ?? state;
    if (entries.length === 0) return [[identity, 'NA', status, 'false', 'NA', 'NA', 'NA']];
    return entries.map(({ entry, type }) => [
      identity,
      type,
      status,
      String(isValid(entry, nowMs)),
      hexSerial(entry.serialNumber),
      entry.expirationTime ?? 'NA',
      entry.validFrom ?? 'NA',
    ]);
  },
};

/** A connection, and whose it is. */
export interface ConnectionItem {
  readonly workload: string;
  /** `Older`: from before the pod was enrolled. */
  readonly direction: 'Inbound' | 'Outbound' | 'Older';
  readonly connection: DumpedConnection;
}

export const CONNECTIONS: View<ConnectionItem> = {
  header: ['WORKLOAD', 'DIRECTION', 'LOCAL', 'REMOTE', 'REMOTE TARGET', 'PROTOCOL'],
  gap: 1,
  select: (dump, { namespace, direction }) =>
    Object.values(dump.workloadState ?? {})
      .filter(({ info }) => namespace === undefined || info?.namespace === namespace)
      .flatMap(({ info, connections }) => {
        const workload = `${info?.name ?? ''}.${info?.namespace ?? ''}`;
        const items = (
          way: 'Inbound' | 'Outbound',
          found: readonly DumpedConnection[] = [],
        ): readonly ConnectionItem[] => found.map((connection) => ({ workload, direction: way, connection }));
        return [
          ...items('Inbound', connections?.inbound),
          ...items('Outbound', connections?.outbound),
          ...olderItems(workload, connections?.older),
        ];
      })
      .filter((item) => direction === undefined || item.direction.toLowerCase() === direction)
      .sort((a, b) => compare(a.workload, b.workload)),
  row: ({ workload, direction, connection: { src, originalDst, actualDst, protocol } }) => [
    // An inbound connection is listed from the pod's side: what it serves, and who came.
    direction === 'Inbound'
      ? [workload, direction, actualDst, src, originalDst ?? '', protocol]
      : [workload, direction, src, actualDst, originalDst ?? '', protocol],
  ],
};

function olderItems(
  workload: string,
  found: readonly DumpedOlderConnection[] = [],
): readonly ConnectionItem[] {
  return found.map(({ local, remote }) => ({
    workload,
    direction: 'Older',
    connection: { src: local, actualDst: remote, originalDst: null, protocol: 'TCP' },
  }));
}

function unique<T>(values: readonly T[], key: (value: T) => string): T[] {
  return [...new Map(values.map((value) => [key(value), value])).values()];
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

function byNamespaceAndName(a: Named, b: Named): number {
  return compare(a.namespace, b.namespace) || compare(a.name, b.name);
}

/** By code units: the same order on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** With shares where a canary has one: `waypoint(95%),canary(5%)`. */
function waypointCell({ waypoint, weightedWaypoints = [] }: DumpedService, dump: ConfigDump): string {
  if (weightedWaypoints.length === 0) return waypointName(waypoint, dump);
  return weightedWaypoints.map((one) => `${waypointName(one, dump)}(${one.weight}%)`).join(',');
}

/**
 * The waypoint's own name where the dump knows the service behind its address; with the reason where the label that asks
 * for it leads nowhere: `shop/waypoint(missing)`.
 */
function waypointName(waypoint: DumpedWaypoint | undefined, dump: ConfigDump): string {
  if (waypoint === undefined) return 'None';
  const { destination } = waypoint;
  const [namespace = '', hostname = ''] = destination.split('/');
  const unbound = readUnboundAddress({ kind: 'hostname', namespace, hostname, hboneMtlsPort: 15008 });
  if (unbound !== undefined) return `${unbound.namespace}/${unbound.name}(${unbound.reason})`;
  const service = valuesOf(dump.services).find(
    ({ vips, namespace, hostname }) =>
      vips?.includes(destination) === true || `${namespace}/${hostname}` === destination,
  );
  return service?.name ?? afterSlash(destination);
}

function afterSlash(text: string): string {
  return text.slice(text.indexOf('/') + 1);
}

function isValid({ validFrom, expirationTime }: DumpedCertificateEntry, nowMs: number): boolean {
  return Date.parse(validFrom ?? '') <= nowMs && nowMs < Date.parse(expirationTime ?? '');
}

function hexSerial(decimal: string | undefined): string {
  if (decimal === undefined) return 'NA';
  return /^\d+$/.test(decimal) ? BigInt(decimal).toString(16).padStart(32, '0') : decimal;
}
