import type { CertificateView, PolicyView, ProxyView, ServiceView, WaypointView } from '../../model/index.ts';
import { shortIdentity } from '../format/names.ts';
import { formatUntil } from '../format/time.ts';
import { certificateHealth } from './certificate-health.ts';

/** Something that is wrong, and the page that says more. */
export interface Attention {
  /** Such as `service shop/cart` or `ztunnel/node-1`. */
  readonly what: string;
  readonly message: string;
  readonly hint: string;
  readonly tone: 'warn' | 'bad';
  readonly page: 'services' | 'proxies' | 'certificates' | 'waypoints' | 'policies';
}

/** What the API tells that may be worth a look. */
export interface AttentionSources {
  readonly services: readonly ServiceView[];
  readonly proxies: readonly ProxyView[];
  readonly certificates: readonly CertificateView[];
  readonly waypoints: readonly WaypointView[];
  readonly policies: readonly PolicyView[];
  readonly nowMs: number;
}

/** All that is wrong, the gravest first; what policies refuse is left out, since they may well be meant so. */
export function attentionOf(sources: AttentionSources): readonly Attention[] {
  const all = [
    ...sources.services.flatMap(ofService),
    ...sources.waypoints.flatMap(ofWaypoint),
    ...sources.proxies.flatMap(ofProxy),
    ...ofCertificates(sources.certificates, sources.nowMs),
    ...sources.policies.flatMap(ofPolicy),
  ];
  return [...all.filter(({ tone }) => tone === 'bad'), ...all.filter(({ tone }) => tone === 'warn')];
}

function ofService({ namespace, name, problems }: ServiceView): readonly Attention[] {
  return problems
    .filter(({ kind }) => kind !== 'refused')
    .map(({ kind, message, hint }) => ({
      what: `service ${namespace}/${name}`,
      message,
      hint,
      tone: kind === 'slow' || kind === 'ejected' ? 'warn' : 'bad',
      page: 'services',
    }));
}

function ofWaypoint({ namespace, name, ready }: WaypointView): readonly Attention[] {
  if (ready.pods > 0) return [];
  return [
    {
      what: `waypoint ${namespace}/${name}`,
      message: `${ready.pods} of ${ready.total} pods are ready`,
      hint: 'requests to what is bound to it are refused meanwhile; nodemesh waypoint status says what it waits for',
      tone: 'bad',
      page: 'waypoints',
    },
  ];
}

function ofProxy({ id, state, reason }: ProxyView): readonly Attention[] {
  if (state === 'current') return [];
  return [
    {
      what: id,
      message: reason === '' ? state : `${state}: ${reason}`,
      hint:
        state === 'rejecting'
          ? 'it goes on with what it had: its version may not understand what the controller sends'
          : 'it decides by what it knew before: is it stopped or overloaded, or cut off from the controller?',
      tone: state === 'stale' ? 'warn' : 'bad',
      page: 'proxies',
    },
  ];
}

/** Those of workloads by who holds them: a proxy that cannot renew one can mostly renew none. */
function ofCertificates(certificates: readonly CertificateView[], nowMs: number): readonly Attention[] {
  const ending = certificates
    .filter((certificate) => ['warn', 'bad'].includes(certificateHealth(certificate, nowMs)))
    .toSorted((a, b) => a.notAfterMs - b.notAfterMs);
  const isRenewed = ({ kind }: CertificateView): boolean => kind === 'workload' || kind === 'server';
  const byHolder = Map.groupBy(ending.filter(isRenewed), ({ proxy }) => proxy);
  return [
    ...ending.filter((certificate) => !isRenewed(certificate)).map((each) => ofAuthority(each, nowMs)),
    ...[...byHolder.values()].flatMap((held) => notRenewed(held, nowMs)),
  ];
}

function ofAuthority(certificate: CertificateView, nowMs: number): Attention {
  return {
    what: `${certificate.kind} ${certificate.name}`,
    message: endText(certificate, nowMs),
    hint: 'a root is replaced without a restart: nodemesh lab rotate-root',
    tone: toneOf(certificate, nowMs),
    page: 'certificates',
  };
}

function notRenewed([first, ...more]: readonly CertificateView[], nowMs: number): readonly Attention[] {
  if (first === undefined) return [];
  const others = more.length === 0 ? '' : ` (and ${more.length} more there)`;
  const [last] = first.rotations;
  const why = last?.outcome === 'failed' ? `; the last renewal failed: ${last.error}` : '';
  return [
    {
      what: `certificate of ${shortIdentity(first.name)} at ${first.proxy}`,
      message: `${endText(first, nowMs)}, and is not renewed${others}${why}`,
      hint: 'does that proxy reach the controller, and does the controller sign?',
      tone: toneOf(first, nowMs),
      page: 'certificates',
    },
  ];
}

function endText({ notAfterMs }: CertificateView, nowMs: number): string {
  return `${notAfterMs > nowMs ? 'ends' : 'ended'} ${formatUntil(notAfterMs, nowMs)}`;
}

function toneOf(certificate: CertificateView, nowMs: number): Attention['tone'] {
  return certificateHealth(certificate, nowMs) === 'bad' ? 'bad' : 'warn';
}

function ofPolicy({ kind, namespace, name, problem }: PolicyView): readonly Attention[] {
  if (problem === '') return [];
  const hint = 'until it is corrected it denies what it selects';
  return [{ what: `${kind} ${namespace}/${name}`, message: problem, hint, tone: 'bad', page: 'policies' }];
}
