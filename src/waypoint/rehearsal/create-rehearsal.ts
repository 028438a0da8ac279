import type { BackendTarget } from '../../model/index.ts';
import { decideL7 } from '../../policy/index.ts';
import { connectionAttributes } from '../authorization/attributes.ts';
import { deniedByPolicy } from '../authorization/denial.ts';
import { fromUnknown } from '../from-unknown.ts';
import { declaredProtocol } from '../listener/declared-protocol.ts';
import { dialledTarget } from '../listener/dialled-target.ts';
import { streamTarget } from '../routing/stream-target.ts';
import { backendRef } from '../upstream/sending/backend-ref.ts';
import type {
  Answered,
  ConnectionRehearsal,
  Reached,
  RehearsalWorld,
  RehearsedParties,
  WaypointRehearsal,
} from './rehearsal.ts';
import { reachedBy } from './reached-by.ts';
import { rehearseRequest } from './rehearse-request.ts';
import { createRehearsedParts, type RehearsedParts } from './rehearsed-parts.ts';
import { createSkippingClock } from './skipping-clock.ts';

/** A waypoint for trying things on. Its world must not change. The caller destroys it. */
export function createWaypointRehearsal(world: RehearsalWorld): WaypointRehearsal {
  const clock = createSkippingClock(world.nowMs ?? Date.now());
  const parts = createRehearsedParts(world, clock);
  const { self } = parts;
  return {
    dial: ({ authority, client }) =>
      dialledTarget({ authority: { kind: 'address', ...authority }, peer: client }, world.view, self),
    protocolOf(dialled) {
      switch (declaredProtocol(dialled, world.view)) {
        case 'http1':
        case 'http2':
        case 'grpc':
          return 'http';
        case 'tcp':
        case 'tls':
          return 'bytes';
        case 'unknown':
          return 'unknown';
      }
    },
    guards(dialled) {
      const service = dialled.kind === 'service' ? dialled.service : undefined;
      const plan = parts.plans.planFor({ service, port: dialled.port });
      return {
        policies: plan.authorization.policies,
        tokenRules: plan.authentication.rules.map(({ rule }) => rule),
        pathNormalization: plan.pathNormalization,
      };
    },
    request: (parties, request) => rehearseRequest(parties, request, { world, parts, clock }),
    connection: (parties, sni) => rehearseConnection(parties, sni, parts),
    destroy: () => parts.destroy(),
  };
}

function rehearseConnection(
  { client, dialled }: RehearsedParties,
  sni: string,
  parts: RehearsedParts,
): ConnectionRehearsal {
  const service = dialled.kind === 'service' ? dialled.service : undefined;
  const plan = parts.plans.planFor({ service, port: dialled.port });
  const { policies } = plan.authorization;
  const attributes = connectionAttributes({ client, dialled }, sni);
  const first = decideL7({ policies, attributes });
  const { authorizers } = first;
  const decision = authorizers.length > 0 ? decideL7({ policies, attributes, authorized: true }) : first;
  const judged = { attributes, decision: { ...decision, authorizers, audits: first.audits } };
  const about = { policies, judged };
  if (decision.verdict === 'deny') {
    const error = deniedByPolicy(decision.reason);
    return { ...about, route: '', outcome: cut('authorization', error) };
  }
  const selection = plan.streams.select({
    clientNamespace: client.identity.namespace,
    isTls: sni !== '',
    serverName: sni === '' ? undefined : sni,
  });
  const route =
    selection.kind === 'backend'
      ? `${selection.route.kind} ${selection.route.namespace}/${selection.route.name}`
      : '';
  if (authorizers.length > 0) {
    const names = authorizers.map(({ provider }) => provider).join(', ');
    return {
      ...about,
      route,
      outcome: { kind: 'unknown', step: 'authorization', message: `it depends on what ${names} says` },
    };
  }
  try {
    const backend = service === undefined ? undefined : streamTarget(selection, service);
    return { ...about, route, outcome: reachBytes(dialled, backend, parts) };
  } catch (error) {
    return {
      ...about,
      route,
      outcome: cut(selection.kind === 'unmatched' ? 'route' : 'endpoint', fromUnknown(error)),
    };
  }
}

/** As openStream chooses it. Throws ERR_WAYPOINT_NO_ENDPOINT and ERR_WAYPOINT_INVALID_BACKEND. */
function reachBytes(
  dialled: RehearsedParties['dialled'],
  target: BackendTarget | undefined,
  { upstreams, plans }: RehearsedParts,
): Reached {
  const { view, network } = upstreams.deps;
  const backend = upstreams.backend(backendRef({ backend: target, dialled }, view, network));
  const service = dialled.kind === 'service' ? dialled.service : undefined;
  const { traffic } = plans.planFor({ service, port: dialled.port });
  const settings = traffic.settingsFor({ kind: 'default' }, target);
  const { workload, upstream } = backend.choose({
    settings,
    hash: undefined,
    avoid: new Set(),
    stickTo: undefined,
  });
  return reachedBy(backend, { endpoint: workload, upstream, request: undefined }, view);
}

/** A connection is told nothing: it is reset. */
function cut(step: Answered['step'], error: ReturnType<typeof fromUnknown>): Answered {
  const { code, message, hint = '' } = error;
  const policy = 'policy' in error && typeof error.policy === 'string' ? error.policy : '';
  const rule = 'rule' in error && typeof error.rule === 'number' ? error.rule : undefined;
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : '';
  return { kind: 'answered', step, status: 0, location: '', code, message, hint, reason, policy, rule };
}
