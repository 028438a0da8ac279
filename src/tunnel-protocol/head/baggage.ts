import type { WorkloadType } from '../../model/index.ts';

/** What one end tells the other about its workload (wire.md §1.5). Only ever labels of metrics and logs: anybody can write it. */
export interface Baggage {
  readonly cluster?: string | undefined;
  readonly namespace?: string | undefined;
  readonly workloadType?: WorkloadType | undefined;
  readonly workloadName?: string | undefined;
  readonly service?: string | undefined;
  readonly version?: string | undefined;
  readonly region?: string | undefined;
  readonly zone?: string | undefined;
}

/** Reads W3C Baggage; members that are unknown, empty or malformed are passed over. Of equal keys the first counts. */
export function parseBaggage(text: string | undefined): Baggage {
  const baggage: { -readonly [K in keyof Baggage]: Baggage[K] } = {};
  if (text === undefined || text.length > MAX_BAGGAGE_BYTES) return baggage;
  for (const member of text.split(',')) {
    const equals = member.indexOf('=');
    if (equals === -1) continue;
    const key = member.slice(0, equals).trim();
    const value = decode(
      member
        .slice(equals + 1)
        .split(';', 1)[0]
        ?.trim() ?? '',
    );
    if (value === undefined || value === '') continue;
    const type = WORKLOAD_TYPES.get(key);
    if (type !== undefined) {
      if (baggage.workloadName === undefined) {
        baggage.workloadType = type;
        baggage.workloadName = value;
      }
      continue;
    }
    const field = FIELDS.get(key);
    if (field !== undefined && baggage[field] === undefined) baggage[field] = value;
  }
  return baggage;
}

/** Writes the members that are set, in a fixed order; empty when none is. */
export function formatBaggage(baggage: Baggage): string {
  const members: string[] = [];
  const add = (key: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') members.push(`${key}=${encode(value)}`);
  };
  add('k8s.cluster.name', baggage.cluster);
  add('k8s.namespace.name', baggage.namespace);
  add(`k8s.${baggage.workloadType ?? 'pod'}.name`, baggage.workloadName);
  add('service.name', baggage.service);
  add('service.version', baggage.version);
  add('cloud.region', baggage.region);
  add('cloud.availability_zone', baggage.zone);
  return members.join(',');
}

/** W3C Baggage §3.3.1: baggage-octet. Percent-encoding covers the rest and the percent sign itself. */
function encode(value: string): string {
  return BAGGAGE_OCTETS.test(value) ? value : encodeURIComponent(value.toWellFormed());
}

function decode(value: string): string | undefined {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** W3C Baggage §3.3.2: a platform must carry up to this; whoever sends more only loses their labels. */
const MAX_BAGGAGE_BYTES = 8192;
const BAGGAGE_OCTETS = /^[!#$&'()*+./0-9:<=>?@A-Z[\]^_`a-z{|}~-]*$/;
const WORKLOAD_TYPES: ReadonlyMap<string, WorkloadType> = new Map([
  ['k8s.deployment.name', 'deployment'],
  ['k8s.cronjob.name', 'cronjob'],
  ['k8s.job.name', 'job'],
  ['k8s.pod.name', 'pod'],
]);
const FIELDS: ReadonlyMap<string, Exclude<keyof Baggage, 'workloadType'>> = new Map([
  ['k8s.cluster.name', 'cluster'],
  ['k8s.namespace.name', 'namespace'],
  ['service.name', 'service'],
  ['service.version', 'version'],
  ['cloud.region', 'region'],
  ['cloud.availability_zone', 'zone'],
]);
