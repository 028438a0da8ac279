import {
  formatAuthority,
  type GatewayAddress,
  identityOf,
  nameWaypoint,
  type Upstream,
} from '../../../model/index.ts';
import { MeshError } from '../../../base/index.ts';
import {
  type Answered,
  type ConnectionRehearsal,
  type DialledTarget,
  type Reached,
  type RequestClient,
  type RequestRehearsal,
  targetText,
  type WaypointRehearsal,
} from '../../../waypoint/index.ts';
import type { World } from '../../world/index.ts';
import {
  type Ending,
  type Fact,
  noteFact,
  okFact,
  openFact,
  stopFact,
  type StepResult,
} from '../explanation.ts';
import type { Caller } from '../parties/caller.ts';
import type { Target } from '../parties/target.ts';
import { type AskedRequest, toHttpRequest } from '../request/asked-request.ts';
import type { Arrival } from './arrivals.ts';
import { l7Facts } from './policy-facts.ts';
import { requestFacts } from './request-facts.ts';
import { smallestChange } from './smallest-change.ts';

/** What the waypoint has come to. */
export interface WaypointStep extends StepResult {
  /** Where it goes from there; undefined: it ended here, or leaves the mesh. */
  readonly arrivals?: readonly [Arrival, ...Arrival[]] | undefined;
}

/** What the waypoint is given, as the caller's proxy would bring it. */
export interface AskedOfWaypoint {
  readonly caller: Caller;
  readonly target: Target;
  readonly address: GatewayAddress;
  readonly upstream: Upstream;
  readonly request: AskedRequest;
}

/** What the waypoint in the way makes of it. */
export async function stepWaypoint(world: World, asked: AskedOfWaypoint): Promise<WaypointStep> {
  const { caller, address, upstream, request } = asked;
  const gateway = world.gatewayAt(address);
  const name = gateway === undefined ? nameWaypoint(address) : `waypoint ${gateway}`;
  const rehearsal =
    gateway === undefined || upstream.workload === undefined
      ? undefined
      : world.rehearse(gateway, upstream.workload, request.keysOf);
  if (rehearsal === undefined || caller.identity === undefined || upstream.workload === undefined) {
    const because = `${name} is no waypoint of nodemesh: what it decides is not known`;
    return { hop: { name, mark: 'open', facts: [openFact(because)], policies: [] }, end: unknown(because) };
  }
  try {
    return await throughWaypoint(world, rehearsal, { ...asked, name });
  } finally {
    rehearsal.destroy();
  }
}

async function throughWaypoint(
  world: World,
  rehearsal: WaypointRehearsal,
  { name, ...asked }: AskedOfWaypoint & { readonly name: string },
): Promise<WaypointStep> {
  const { caller, target, request } = asked;
  const dialled = dial(rehearsal, asked);
  if (dialled instanceof MeshError) {
    const end: Ending = { verdict: 'refused', because: dialled.message, fix: dialled.hint ?? '' };
    return { hop: { name, mark: 'stop', facts: [stopFact(dialled.message)], policies: [] }, end };
  }
  const parties = { client: clientOf(caller), dialled };
  const protocol = rehearsal.protocolOf(dialled);
  if (request.isBytes || protocol === 'bytes') {
    const facts = [
      noteFact(
        protocol === 'bytes'
          ? 'its port is declared to be no HTTP: carried as it comes'
          : 'carried as it comes',
      ),
    ];
    return endOf(name, rehearsal.connection(parties, request.sni), { facts, asked });
  }
  const facts = [
    okFact(
      protocol === 'http'
        ? `HTTP on ${formatAuthority(target.address, target.port)}`
        : 'taken for HTTP by its first bytes (the port does not say; --tcp for anything else)',
    ),
  ];
  const rehearsed = await rehearsal.request(parties, toHttpRequest(request, target));
  const step = endOf(name, rehearsed, { facts: [...facts, ...requestFacts(rehearsed)], asked });
  const dead = rehearsed.outcome.kind === 'reached' ? deadBackends(world, rehearsed) : [];
  if (dead.length === 0) return step;
  const because = `it depends on the backend that is drawn: ${dead.join(', ')}`;
  const fix = 'give every backend of the rule endpoints that are ready, or the weight 0';
  const hop = { ...step.hop, mark: 'open', facts: [...step.hop.facts, openFact(because)] } as const;
  return { hop, end: { ...unknown(because), fix } };
}

/** Backends of the rule that get a share of the requests and cannot take it. */
function deadBackends({ view }: World, { selection }: RequestRehearsal): readonly string[] {
  if (selection.kind !== 'rule') return [];
  return selection.rule.backends.flatMap(({ weight, target }) => {
    if (weight === 0) return [];
    if (target.kind === 'invalid') return [`${target.message} (weight ${weight})`];
    return view.endpoints(target.service).length > 0
      ? []
      : [`${targetText(target)} (weight ${weight}) has no endpoint that is ready`];
  });
}

function dial(rehearsal: WaypointRehearsal, { caller, target }: AskedOfWaypoint): DialledTarget | MeshError {
  const { address, port } = target;
  try {
    // Who has no identity comes through no tunnel.
    if (caller.identity === undefined) throw new TypeError('expected a caller with an identity');
    return rehearsal.dial({ authority: { address, port }, client: caller.identity });
  } catch (error) {
    if (error instanceof MeshError) return error;
    throw error;
  }
}

function clientOf({ identity, address, workload }: Caller): RequestClient {
  if (identity === undefined) throw new TypeError('expected a caller with an identity');
  return { identity, address, port: ANY_PORT, workload };
}

function endOf(
  name: string,
  { outcome, policies: held, judged }: ConnectionRehearsal | RequestRehearsal,
  { facts, asked }: { readonly facts: readonly Fact[]; readonly asked: AskedOfWaypoint },
): WaypointStep {
  const policies = judged === undefined ? [] : l7Facts(held, judged);
  const decided = judged === undefined || held.length === 0 ? [] : [decidedFact(judged.decision)];
  const hop = { name, policies };
  switch (outcome.kind) {
    case 'reached':
      return {
        hop: { ...hop, mark: 'ok', facts: [...facts, ...decided, reachedFact(outcome)] },
        arrivals: arrivalsOf(outcome, asked),
      };
    case 'unknown':
      return {
        hop: { ...hop, mark: 'open', facts: [...facts, ...decided, openFact(outcome.message)] },
        end: unknown(outcome.message),
      };
    case 'answered': {
      const end = endingOf(outcome, policies, asked);
      const isFine = end.verdict === 'allowed';
      return {
        hop: { ...hop, mark: isFine ? 'ok' : 'stop', facts: [...facts, answeredFact(outcome, isFine)] },
        end,
      };
    }
  }
}

function decidedFact({ verdict, reason }: NonNullable<RequestRehearsal['judged']>['decision']): Fact {
  return verdict === 'deny' ? stopFact(reason.sentence) : okFact(reason.sentence);
}

function reachedFact({ backend, endpoint, usable, total, request }: Reached): Fact {
  const rewritten =
    request === undefined ? [] : [`sent as ${request.method} ${request.authority}${request.target}`];
  return okFact(
    `to ${backend}: ${endpoint.namespace}/${endpoint.name}, one of ${usable.length} usable endpoints of ${total}`,
    rewritten,
  );
}

function answeredFact({ step, status, location, message, reason }: Answered, isFine: boolean): Fact {
  const answer = status === 0 ? 'the connection is reset' : `answered with ${status}`;
  const details = [`decided by ${step}`, ...(reason === '' ? [] : [reason])];
  if (isFine)
    return okFact(`${answer}${location === '' ? '' : ` to ${location}`} by the waypoint itself`, details);
  return stopFact(`${answer}: ${message}`, details);
}

function endingOf(
  outcome: Answered,
  policies: StepResult['hop']['policies'],
  { caller }: AskedOfWaypoint,
): Ending {
  const { status, code, message, hint, step } = outcome;
  if (code === '' && status < 400)
    return { verdict: 'allowed', because: `the waypoint answers with ${status}`, fix: '' };
  const because = message === '' ? `the waypoint answers with ${status}` : message;
  const callerNamespace = caller.workload?.namespace;
  const byPolicy =
    step === 'authorization'
      ? smallestChange(policies, { callerNamespace, isPlaintext: caller.identity === undefined, strict: [] })
      : undefined;
  return { verdict: 'refused', because, fix: byPolicy ?? (FIXES[code] || hint) };
}

/** Behind a waypoint it is the waypoint that comes. */
function arrivalsOf({ usable }: Reached, { upstream }: AskedOfWaypoint): WaypointStep['arrivals'] {
  const pod = upstream.workload;
  const identity = pod && identityOf(pod);
  const [first, ...rest] = usable.map(
    ({ workload, upstream: { address, targetPort, kind } }): Arrival => ({
      workload,
      address,
      port: targetPort,
      peerAddress: pod?.addresses[0] ?? address,
      peer: kind === 'hbone' ? identity : undefined,
    }),
  );
  return first === undefined ? undefined : [first, ...rest];
}

function unknown(because: string): Ending {
  return { verdict: 'unknown', because, fix: '' };
}

/** What a client can do, where the error itself has nothing to say to it. */
const FIXES: Readonly<Record<string, string>> = {
  ERR_WAYPOINT_TOKEN_MISSING: 'send a token of that issuer (--jwt), or take the requirement away',
  ERR_WAYPOINT_TOKEN_INVALID:
    'send a token that is good: see the RequestAuthentication for issuer, audiences and keys',
  ERR_WAYPOINT_FAULT_INJECTED: 'delete the FaultInjection, or narrow its rule',
  ERR_WAYPOINT_REQUEST_TIMEOUT:
    'raise timeouts.request of the rule, or delete the FaultInjection that holds it up',
};
const ANY_PORT = 40_000;
