import {
  type Endpoint,
  formatAuthority,
  type GatewayAddress,
  isRefusal,
  nameWaypoint,
  owningWaypoints,
  resolveTargetPort,
  resolveUpstream,
  serviceKey,
  type Upstream,
  type WaypointBinding,
  type WorkloadUid,
} from '../../../model/index.ts';
import { cidrContains } from '../../../model/index.ts';
import { isPodOfWaypoint, type World } from '../../world/index.ts';
import { type Ending, type Fact, noteFact, okFact, stopFact, type StepResult } from '../explanation.ts';
import type { Caller } from '../parties/caller.ts';
import type { Target } from '../parties/target.ts';
import type { Arrival } from './arrivals.ts';

/** Where a connection goes from its caller. */
export type Way =
  | { readonly kind: 'pods'; readonly arrivals: readonly [Arrival, ...Arrival[]] }
  | { readonly kind: 'waypoint'; readonly address: GatewayAddress; readonly upstream: Upstream }
  /** To an address that is nobody's in the mesh. */
  | { readonly kind: 'outside' };

/** What the caller's own end has come to. */
export interface OutboundResult extends StepResult {
  /** Undefined: it ended here. */
  readonly way?: Way | undefined;
}

/** The caller's own end: through its node's proxy, or past the mesh. */
export function stepOutbound(world: World, caller: Caller, target: Target): OutboundResult {
  const { workload, identity } = caller;
  const excluded = workload === undefined || identity === undefined ? undefined : whyExcluded(caller, target);
  if (workload === undefined || identity === undefined || excluded !== undefined)
    return stepPlain(world, caller, target, excluded);
  const name = `node proxy of ${caller.name}${workload.node === '' ? '' : ` on ${workload.node}`}`;
  const ways = everyUpstream(world, caller, target);
  const [first] = ways.upstreams;
  if (first === undefined) {
    const { refusal } = ways;
    const end: Ending = { verdict: 'refused', because: refusal?.message ?? '', fix: refusal?.hint ?? '' };
    const facts = [okFact(`captured as ${identity.id}`), stopFact(end.because, [refusal?.reason ?? ''])];
    return { hop: { name, mark: 'stop', facts, policies: [] }, end };
  }
  const binding = target.service ?? target.workload;
  const facts = [
    okFact(`captured as ${identity.id}`),
    ...bindingFacts(world, caller, { binding, upstream: first }),
  ];
  const hop = {
    name,
    mark: 'ok',
    facts: [...facts, upstreamFact(first, ways.upstreams.length)],
    policies: [],
  } as const;
  if (first.kind === 'hbone-waypoint') {
    const address = waypointOf(world, binding, first);
    return address === undefined ? { hop } : { hop, way: { kind: 'waypoint', address, upstream: first } };
  }
  const arrivals = ways.upstreams.flatMap((upstream) => arrivalOf(upstream, caller) ?? []);
  return { hop, way: toPods(arrivals) };
}

function toPods([first, ...rest]: readonly Arrival[]): Way {
  return first === undefined ? { kind: 'outside' } : { kind: 'pods', arrivals: [first, ...rest] };
}

function arrivalOf({ workload, address, targetPort, kind }: Upstream, caller: Caller): Arrival | undefined {
  if (workload === undefined) return undefined;
  const peer = kind === 'hbone' ? caller.identity : undefined;
  return { workload, address, port: targetPort, peerAddress: caller.address, peer };
}

/** Each endpoint that the proxy may choose: it is asked again without those that it has named. */
function everyUpstream({ view, settings }: World, { workload: source }: Caller, { address, port }: Target) {
  const upstreams: Upstream[] = [];
  const exclude = new Set<WorkloadUid>();
  if (source === undefined) return { upstreams, refusal: undefined };
  for (;;) {
    const { network } = settings;
    const outcome = resolveUpstream({
      view,
      source,
      destination: { address, port },
      network,
      random: () => 0,
      exclude,
    });
    if (isRefusal(outcome)) return { upstreams, refusal: outcome };
    upstreams.push(outcome);
    const { workload, kind, serviceAddressed } = outcome;
    const mayBeOthers = workload !== undefined && serviceAddressed && kind !== 'hbone-waypoint';
    if (!mayBeOthers || upstreams.length >= MOST_ENDPOINTS) return { upstreams, refusal: undefined };
    exclude.add(workload.uid);
  }
}

/** What the labels that name waypoints come to. */
function bindingFacts(
  world: World,
  { workload }: Caller,
  { binding, upstream }: { readonly binding: WaypointBinding | undefined; readonly upstream: Upstream },
): readonly Fact[] {
  const named = binding === undefined ? [] : owningWaypoints(binding);
  const [first] = named;
  if (first === undefined || binding === undefined)
    return [noteFact('no waypoint is in the way: nobody looks at requests')];
  if (upstream.kind === 'hbone-waypoint') return [okFact(`bound to ${named.map(nameWaypoint).join(', ')}`)];
  if (workload !== undefined && named.some((address) => isPodOfWaypoint(world, workload, address)))
    return [noteFact(`it is ${nameWaypoint(first)} itself, and goes on directly`)];
  return [
    noteFact(
      `${nameWaypoint(first)} cannot take it, and the label nodemesh.io/waypoint-failure: open lets it go round`,
      ['policies about requests do not see it'],
    ),
  ];
}

function waypointOf(
  world: World,
  binding: WaypointBinding | undefined,
  { workload }: Upstream,
): GatewayAddress | undefined {
  if (binding === undefined || workload === undefined) return undefined;
  return owningWaypoints(binding).find((address) => isPodOfWaypoint(world, workload, address));
}

function upstreamFact({ kind, address, port, authority, workload, service }: Upstream, count: number): Fact {
  const whom = workload === undefined ? `${address}:${port}` : `${workload.namespace}/${workload.name}`;
  const several =
    count > 1
      ? ` (one of ${count} endpoints${service === undefined ? '' : ` of ${service.namespace}/${service.name}`})`
      : '';
  switch (kind) {
    case 'hbone':
      return okFact(`tunnel to ${whom}${several}, for ${authority}`);
    case 'hbone-waypoint':
      return okFact(`tunnel to the waypoint's pod ${whom}, for ${authority}`);
    case 'tcp':
      return noteFact(`plaintext to ${whom}${several}: it takes no tunnels`);
    case 'passthrough':
      return noteFact(`plaintext to ${whom}, about which the mesh knows nothing`);
  }
}

/** The annotation that keeps the mesh from seeing it. */
function whyExcluded({ enrolment }: Caller, { address, port }: Target): string | undefined {
  if (enrolment === undefined) return undefined;
  const { excludedOutboundPorts, excludedOutboundCidrs } = enrolment.modes;
  if (excludedOutboundPorts.includes(port))
    return `port ${port} is excluded from capture by an annotation of the caller`;
  if (excludedOutboundCidrs.some((range) => cidrContains(range, address)))
    return `${address} is excluded from capture by an annotation of the caller`;
  return undefined;
}

/** As the kernel and the service proxy of the node carry it, without the mesh. */
function stepPlain(
  world: World,
  caller: Caller,
  target: Target,
  excluded: string | undefined,
): OutboundResult {
  const { service, workload } = target;
  const why =
    excluded ??
    (caller.workload === undefined
      ? 'the caller is outside of the mesh: plaintext, and it proves nobody'
      : caller.enrolment === undefined
        ? 'the caller is not enrolled: plaintext, and it proves nobody'
        : 'the caller is to be enrolled, and its node has not reported that it is: plaintext');
  const endpoints =
    service === undefined ? [] : world.view.endpoints(serviceKey(service.namespace, service.hostname));
  const facts: Fact[] = [noteFact(why)];
  const hop = { name: caller.name, mark: 'ok', facts, policies: [] } as const;
  if (service !== undefined && endpoints.length === 0) {
    const because = `service ${service.namespace}/${service.name} has no endpoint that is ready`;
    const fix = 'check that the selector of the Service matches pods and that these are ready';
    facts.push(stopFact(because));
    return { hop: { ...hop, mark: 'stop' }, end: { verdict: 'refused', because, fix } };
  }
  const arrivals =
    workload === undefined
      ? endpoints.flatMap((endpoint) => plainArrival(caller, target, endpoint) ?? [])
      : [
          {
            workload,
            address: target.address,
            port: target.port,
            peerAddress: caller.address,
            peer: undefined,
          },
        ];
  if (arrivals.length === 0)
    facts.push(noteFact(`to ${formatAuthority(target.address, target.port)}, which is nobody's in the mesh`));
  return { hop, way: toPods(arrivals) };
}

function plainArrival(
  caller: Caller,
  { service, port: dialled }: Target,
  endpoint: Endpoint,
): Arrival | undefined {
  const { workload } = endpoint;
  const [address] = workload.addresses;
  const port = service && resolveTargetPort(service, endpoint, dialled);
  if (address === undefined || port === undefined) return undefined;
  return { workload, address, port, peerAddress: caller.address, peer: undefined };
}

/** More say nothing more. */
const MOST_ENDPOINTS = 64;
