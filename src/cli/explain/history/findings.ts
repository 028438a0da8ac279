import {
  type CertificateView,
  owningWaypoints,
  type ProxyView,
  type ServiceView,
  type Workload,
} from '../../../model/index.ts';
import type { ApiClient } from '../../api/index.ts';
import { age, expiringRows } from '../../observe/index.ts';
import { isPodOfWaypoint, type World } from '../../world/index.ts';
import type { Finding } from '../explanation.ts';
import type { Caller } from '../parties/caller.ts';
import type { Target } from '../parties/target.ts';

interface Parties {
  readonly world: World;
  readonly caller: Caller;
  readonly target: Target;
}

/**
 * What is wrong on the way between the two as it runs: the service asked for (a slow or dead backend, say), proxies that do
 * not know what they should, and certificates that end. Rejects as the API does.
 */
export async function findFaults(api: ApiClient, parties: Parties): Promise<readonly Finding[]> {
  const [{ services }, { proxies }, { certificates }] = await Promise.all([
    api.get('/api/v1/services'),
    api.get('/api/v1/proxies'),
    api.get('/api/v1/certificates'),
  ]);
  return [
    ...serviceFindings(services, parties.target),
    ...proxyFindings(proxies, parties),
    ...certificateFindings(certificates, parties),
  ];
}

/** Refusals are left out: what decides now stands among the hops. */
function serviceFindings(services: readonly ServiceView[], { service }: Target): readonly Finding[] {
  const asked = services.find(
    ({ namespace, name }) => namespace === service?.namespace && name === service.name,
  );
  const problems = asked?.problems.filter(({ kind }) => kind !== 'refused') ?? [];
  return problems.map(({ message, hint }) => ({
    what: `service ${asked?.namespace}/${asked?.name}`,
    message,
    hint,
  }));
}

/** Of the proxies that a connection between the two goes through. */
function proxyFindings(proxies: readonly ProxyView[], parties: Parties): readonly Finding[] {
  const passed = proxiesBetween(parties);
  return proxies
    .filter(({ id, state }) => state !== 'current' && passed.has(id))
    .map(({ id, state, reason }) => ({
      what: id,
      message: `${state === 'gone' ? 'lost to the controller' : state}${reason === '' ? '' : `: ${reason}`}; it decides by what held before`,
      hint: 'is it stopped or overloaded, or cut off from the controller? nodemesh check, and its own log',
    }));
}

function proxiesBetween(parties: Parties): ReadonlySet<string> {
  const { world, caller, target } = parties;
  const nodes = [caller.workload, ...answering(parties)].map((workload) => `ztunnel/${workload?.node}`);
  const waypoints = owningWaypoints(target.service ?? target.workload ?? UNBOUND);
  const pods = [...world.view.workloads()].filter((workload) =>
    waypoints.some((address) => isPodOfWaypoint(world, workload, address)),
  );
  return new Set([...nodes, ...pods.map(({ namespace, name }) => `waypoint/${namespace}/${name}`)]);
}

function certificateFindings(
  certificates: readonly CertificateView[],
  { caller, ...parties }: Parties,
): readonly Finding[] {
  const nowMs = Date.now();
  const names = new Set<string>(
    answering({ caller, ...parties }).map(
      ({ trustDomain, namespace, serviceAccount }) =>
        `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`,
    ),
  );
  if (caller.identity !== undefined) names.add(caller.identity.id);
  const late = certificates.filter(
    ({ kind, name, notBeforeMs, notAfterMs }) =>
      kind === 'workload' && names.has(name) && nowMs > notBeforeMs + (notAfterMs - notBeforeMs) * LATE,
  );
  const authorities = expiringRows(certificates, { withinMs: SOON_MS, svid: false, nowMs });
  return [
    ...late.map((certificate) => lateFinding(certificate, nowMs)),
    ...authorities
      .filter(({ expiring }) => expiring)
      .map(({ kind, name, leftMs }) => ({
        what: `${kind} ${name}`,
        message: leftMs <= 0 ? `expired ${age(-leftMs)} ago` : `expires in ${age(leftMs)}`,
        hint: 'a root is replaced without a restart: docs/rotate-the-root.md (of a lab: nodemesh lab rotate-root)',
      })),
  ];
}

function lateFinding({ name, proxy, notAfterMs, rotations }: CertificateView, nowMs: number): Finding {
  const leftMs = notAfterMs - nowMs;
  const [last] = rotations;
  const why = last?.outcome === 'failed' ? `; the last renewal failed: ${last.error}` : '';
  const end = leftMs <= 0 ? `expired ${age(-leftMs)} ago` : `expires in ${age(leftMs)}`;
  return {
    what: `certificate of ${name} at ${proxy}`,
    message: `${end}, and was not renewed at half of its life${why}`,
    hint: 'does that proxy reach the controller, and does the controller sign? nodemesh certificates, nodemesh proxies',
  };
}

/** Whoever may answer: the pod that was named, or the endpoints of the service. */
function answering({ world: { view }, target: { service, workload } }: Parties): readonly Workload[] {
  return [...view.workloads()].filter(
    (candidate) =>
      candidate === workload ||
      (service !== undefined &&
        [...candidate.services.keys()].some((key) => key === `${service.namespace}/${service.hostname}`)),
  );
}

const UNBOUND = { waypoint: undefined, weightedWaypoints: [], waypointFailure: 'refuse' } as const;
/** Of its life; a certificate is renewed at half of it. */
const LATE = 0.75;
/** When roots and intermediates are to be thought of. */
const SOON_MS = 30 * 86_400_000;
