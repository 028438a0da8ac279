import { isDeepStrictEqual } from 'node:util';
import { MeshError } from '../../../base/index.ts';
import {
  type FlowRecord,
  type GatewayKey,
  gatewayKey,
  type JwtRule,
  serviceKey,
  type Workload,
} from '../../../model/index.ts';
import { decideL7, type RequestAttributes, type RequestDecision } from '../../../policy/index.ts';
import {
  askedAttributes,
  type DialledTarget,
  type RehearsedGuards,
  type WaypointRehearsal,
} from '../../../waypoint/index.ts';
import { l7Facts, smallestChange } from '../../explain/steps/index.ts';
import type { World } from '../../world/index.ts';
import { addressOf, type FlowVerdict, identityOfFlow, unknownVerdict } from './flow-verdict.ts';
import { possibleRequests } from './possible-requests.ts';

/** The guards of every target of a world, each asked for once. */
export interface WorldGuards {
  /** Undefined: it does not go through that waypoint any more. */
  of(flow: FlowRecord): { readonly dialled: DialledTarget; readonly guards: RehearsedGuards } | undefined;
  destroy(): void;
}

/** A waypoint is rehearsed with the first flow that went through it. */
export function createWorldGuards(world: World): WorldGuards {
  const rehearsals = new Map<string, WaypointRehearsal | undefined>();
  const rehearsalOf = (waypoint: string): WaypointRehearsal | undefined => {
    if (!rehearsals.has(waypoint)) {
      const [namespace = '', name = ''] = waypoint.split('/');
      const key = gatewayKey(namespace, name);
      const pod = podOf(world, key);
      rehearsals.set(waypoint, pod && world.rehearse(key, pod));
    }
    return rehearsals.get(waypoint);
  };
  return {
    of(flow) {
      const client = identityOfFlow(flow);
      const address = dialledAddress(world, flow);
      const rehearsal = rehearsalOf(flow.waypoint);
      if (client === undefined || address === undefined || rehearsal === undefined) return undefined;
      const port = flow.service?.port ?? flow.destinationPort;
      try {
        const dialled = rehearsal.dial({ authority: { address, port }, client });
        return { dialled, guards: rehearsal.guards(dialled) };
      } catch (error) {
        if (error instanceof MeshError) return undefined;
        throw error;
      }
    },
    destroy() {
      for (const rehearsal of rehearsals.values()) rehearsal?.destroy();
    },
  };
}

/** What was kept of the requests, and what has been let through by authorizers. */
export interface RequestPast {
  /** Of the target as it is in force: what its policies ask for was kept. */
  readonly before: RehearsedGuards;
  /** Authorizers that have let it through. */
  readonly authorizers: readonly string[];
}

/** What the waypoint would do with a request, or a connection, that it has seen. */
export function judgeRequestFlow(
  guards: WorldGuards,
  flow: FlowRecord,
  past: RequestPast | undefined,
): FlowVerdict {
  const found = guards.of(flow);
  const source = addressOf(flow.sourceAddress);
  if (found === undefined || source === undefined)
    return unknownVerdict(`it does not go through the waypoint ${flow.waypoint} any more`);
  const { dialled, guards: now } = found;
  const tokens = tokenVerdict(flow, now, past?.before ?? now);
  if (tokens !== undefined) return tokens;
  const { requests, unknown } = possibleRequests(now.policies, {
    flow,
    addresses: { source, destination: dialled.address },
    port: dialled.port,
    kept: askedAttributes((past?.before ?? now).policies),
    pathNormalization: now.pathNormalization,
    issuers: [...now.tokenRules, ...(past?.before ?? now).tokenRules].map(({ issuer }) => issuer),
  });
  const [first, ...others] = requests;
  if (first === undefined) return unknownVerdict(`too much of it was not kept: ${unknown.join(', ')}`);
  const verdict = decide(now, first, { flow, past });
  const differs = others.some((request) => decide(now, request, { flow, past }).verdict !== verdict.verdict);
  return differs ? unknownVerdict(`it depends on ${listed(unknown)}, which was not kept`) : verdict;
}

function decide(
  { policies }: RehearsedGuards,
  attributes: RequestAttributes,
  { flow, past }: { readonly flow: FlowRecord; readonly past: RequestPast | undefined },
): FlowVerdict {
  const first = decideL7({ policies, attributes });
  const asked = first.authorizers.map(({ provider }) => provider);
  const unasked = past === undefined ? [] : asked.filter((provider) => !past.authorizers.includes(provider));
  const decision = asked.length === 0 ? first : decideL7({ policies, attributes, authorized: true });
  if (decision.verdict === 'allow' && unasked.length > 0)
    return { ...unknownVerdict(`it depends on what ${unasked.join(', ')} says`), asked };
  return { ...toldOf(policies, attributes, decision, flow), asked };
}

function toldOf(
  policies: RehearsedGuards['policies'],
  attributes: RequestAttributes,
  decision: RequestDecision,
  flow: FlowRecord,
): Omit<FlowVerdict, 'asked'> {
  const { policy, rule, sentence } = decision.reason;
  const about = { policy: policy ?? '', rule: rule === undefined ? 0 : rule + 1, because: sentence };
  if (decision.verdict !== 'deny') return { ...about, verdict: 'allow', fix: '' };
  const facts = l7Facts(policies, { attributes, decision });
  const context = { callerNamespace: flow.source.namespace || undefined, isPlaintext: false, strict: [] };
  return { ...about, verdict: 'deny', fix: smallestChange(facts, context) ?? '' };
}

/** Tokens themselves are never kept. Undefined: what was found of them then would be found again. */
function tokenVerdict(
  { request }: FlowRecord,
  { tokenRules: now }: RehearsedGuards,
  { tokenRules: before }: RehearsedGuards,
): FlowVerdict | undefined {
  if (request === undefined || isDeepStrictEqual(now, before)) return undefined;
  const isKnown = (rule: JwtRule): boolean => before.some((other) => isDeepStrictEqual(rule, other));
  const added = now.filter((rule) => !isKnown(rule));
  const gone = before.filter((rule) => !now.some((other) => isDeepStrictEqual(rule, other)));
  const isOfRemoved = gone.some(({ issuer }) => request.tokenPrincipal.startsWith(`${issuer}/`));
  if (added.length === 0 && !isOfRemoved) return undefined;
  const issuers = [...new Set([...added, ...gone].map(({ issuer }) => issuer))].join(', ');
  return unknownVerdict(
    `it depends on its tokens, which are not kept, since how those of ${issuers} are checked would change`,
  );
}

function dialledAddress({ view, settings }: World, { service, destinationAddress }: FlowRecord) {
  if (service !== undefined) {
    const hostname = `${service.name}.${service.namespace}.svc.${settings.clusterDomain}`;
    const known = view.service(serviceKey(service.namespace, hostname));
    const [first] = known?.addresses ?? [];
    if (first !== undefined) return first.address;
  }
  return addressOf(destinationAddress);
}

/** Any of its pods: they have one identity. */
function podOf({ view, collections }: World, key: GatewayKey): Workload | undefined {
  const address = collections.waypoints.get(key)?.address;
  if (address?.kind !== 'hostname') return undefined;
  return view.allEndpoints(serviceKey(address.namespace, address.hostname))[0]?.workload;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'something' : names.join(', ');
}
