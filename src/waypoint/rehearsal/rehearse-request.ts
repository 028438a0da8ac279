import { HeaderList, type HttpRequest, type HttpResponse, NO_BODY } from '../../http/index.ts';
import { serviceKey, type WorkloadUid } from '../../model/index.ts';
import { decideL7 } from '../../policy/index.ts';
import { silentLogger } from '../../base/index.ts';
import { requestAttributes } from '../authorization/attributes.ts';
import { remoteAddress } from '../authorization/remote-address.ts';
import { fromUnknown } from '../from-unknown.ts';
import { type DecidingStep, decidingLayers } from '../layers/deciding-layers.ts';
import { createPassedOnLayer } from '../layers/forwarding/passed-on.ts';
import { createReplayMemory } from '../layers/resilience/replay/replay-memory.ts';
import { noteFailure } from '../request/note-failure.ts';
import { compose, type Layer } from '../request/layer.ts';
import type { RequestContext } from '../request/request-context.ts';
import { createRequestRecord } from '../request/request-record.ts';
import { requestHash } from '../upstream/sending/hash-key.ts';
import { admissionNames } from './admission-names.ts';
import { answeredBy, failedBy } from './answered.ts';
import { reachedBy } from './reached-by.ts';
import { judgeRules } from './judge-rules.ts';
import type { Reached, RehearsalWorld, RehearsedParties, RequestRehearsal } from './rehearsal.ts';
import { type RehearsedParts, resourcesOf } from './rehearsed-parts.ts';
import type { SkippingClock } from './skipping-clock.ts';

/** Puts one request through the layers that decide, with eyes between them, and an end that sends nothing. */
export async function rehearseRequest(
  parties: RehearsedParties,
  request: HttpRequest,
  deps: { readonly world: RehearsalWorld; readonly parts: RehearsedParts; readonly clock: SkippingClock },
): Promise<RequestRehearsal> {
  const { world, parts, clock } = deps;
  const seen = createSeen();
  const trustedClients = world.trustedClients ?? new Set();
  const layers = decidingLayers({
    clock,
    // Always the same: what a share of the requests would meet is told beside.
    random: () => 0,
    rateLimiter: parts.rateLimiter,
    faults: parts.faults,
    guards: {
      clock,
      log: silentLogger,
      send: () => Promise.reject(new Error('a rehearsal asks nobody')),
      memory: createReplayMemory(0),
    },
    live: { follow: () => () => undefined },
    trustedClients,
    mirror: (next) => next,
  });
  const passedOn = createPassedOnLayer({ self: world.identity.id, trustedClients, clientCertificate: false });
  const handler = compose(
    [
      passedOn,
      ...layers.flatMap(({ step, layer }) => {
        const eye = seen.eye(step);
        return step === 'authorization' ? [judgeFirst(seen, trustedClients), eye, layer] : [eye, layer];
      }),
      seen.eye('endpoint'),
    ],
    async (sent, context) => {
      seen.reached = reach(sent, context, parts);
      return { status: 200, headers: new HeaderList(), body: NO_BODY };
    },
  );
  const context = contextOf(parties, request, parts, clock);
  const outcome = await clock.run(handler({ ...request, headers: request.headers.clone() }, context)).then(
    (response: HttpResponse) => seen.reached ?? answeredBy(seen.step, response, context.record),
    (error: unknown) => {
      noteFailure(context.record, fromUnknown(error));
      return failedBy(seen.step, request, fromUnknown(error));
    },
  );
  const { plan, dialled, client } = context;
  const last = seen.last ?? { request, context };
  const selection = last.context.route();
  const { service, port } = dialled;
  const resources =
    dialled.kind === 'service'
      ? parts.resources.concerning(serviceKey(dialled.service.namespace, dialled.service.hostname))
      : [];
  return {
    outcome:
      seen.askedAuthorizers === '' || outcome.kind === 'answered' ? outcome : unknown(seen.askedAuthorizers),
    delayedMs: clock.skippedMs,
    tokens: last.context.tokens,
    tokenRules: plan.authentication.rules.map(({ rule }) => rule),
    policies: plan.authorization.policies,
    judged: seen.judged,
    selection,
    rules:
      dialled.kind === 'workload' || service === undefined
        ? []
        : judgeRules(
            {
              routes: resourcesOf(resources, 'route').map(({ route }) => route),
              service,
              port,
              clientNamespace: client.identity.namespace,
            },
            // Routes see the request as its path was made normal, and before anything changed it.
            seen.routed ?? request,
            selection,
          ),
    admission: admissionNames(plan, last.request, last.context),
  };
}

interface Seen {
  step: DecidingStep | 'endpoint';
  last: { readonly request: HttpRequest; readonly context: RequestContext } | undefined;
  /** As routes are asked. */
  routed: HttpRequest | undefined;
  judged: RequestRehearsal['judged'];
  /** The authorizers whose word is needed, and not known. */
  askedAuthorizers: string;
  reached: Reached | undefined;
  /** Sees what comes to a step. */
  eye(step: DecidingStep | 'endpoint'): Layer;
}

function createSeen(): Seen {
  const seen: Seen = {
    step: 'path',
    last: undefined,
    routed: undefined,
    judged: undefined,
    askedAuthorizers: '',
    reached: undefined,
    eye: (step) => (next) => (request, context) => {
      seen.step = step;
      seen.last = { request, context };
      if (step === 'consumer route') seen.routed = request;
      return next(request, context);
    },
  };
  return seen;
}

/**
 * What policies say, kept for telling. Where authorizers would be asked, it goes on as if they let it through: their policies
 * are taken out, which leaves what is judged behind them.
 */
function judgeFirst(seen: Seen, trustedClients: Parameters<typeof remoteAddress>[2]): Layer {
  return (next) => (request, context) => {
    const { authorization } = context.plan;
    const remote = remoteAddress(request.headers, context.client, trustedClients);
    if (remote === undefined || authorization.policies.length === 0) return next(request, context);
    const attributes = requestAttributes(request, context, remote);
    const decision = decideL7({ policies: authorization.policies, attributes });
    seen.judged = { attributes, decision };
    if (decision.verdict !== 'custom-needed') return next(request, context);
    seen.askedAuthorizers = decision.authorizers
      .map(({ provider, policy, rule }) => `${provider} (asked by ${policy}, rule ${rule + 1})`)
      .join(', ');
    const afterwards = decideL7({ policies: authorization.policies, attributes, authorized: true });
    seen.judged = {
      attributes,
      decision: { ...afterwards, authorizers: decision.authorizers, audits: decision.audits },
    };
    const policies = authorization.policies.filter(({ action }) => action.kind !== 'custom');
    const plan = { ...context.plan, authorization: { ...authorization, policies } };
    return next(request, { ...context, plan });
  };
}

function unknown(authorizers: string): RequestRehearsal['outcome'] {
  return { kind: 'unknown', step: 'authorization', message: `it depends on what ${authorizers} says` };
}

/** The end: an endpoint is chosen as for sending. Throws ERR_WAYPOINT_NO_ENDPOINT and ERR_WAYPOINT_INVALID_BACKEND. */
function reach(request: HttpRequest, context: RequestContext, { upstreams }: RehearsedParts): Reached {
  const { backend, settings } = upstreams.forRequest(context);
  const { hash } = requestHash(settings.loadBalancer, request, context.client.address);
  const { workload, upstream } = backend.choose({
    settings,
    hash,
    avoid: context.excluded,
    stickTo: context.stickTo,
  });
  return reachedBy(backend, { endpoint: workload, upstream, request }, upstreams.deps.view);
}

function contextOf(
  { client, dialled }: RehearsedParties,
  request: HttpRequest,
  { plans, upstreams }: RehearsedParts,
  clock: SkippingClock,
): RequestContext {
  const service =
    dialled.kind === 'service'
      ? upstreams.deps.view.service(serviceKey(dialled.service.namespace, dialled.service.hostname))
      : undefined;
  const plan = plans.planFor({ service, port: dialled.port });
  let selection: ReturnType<RequestContext['route']> | undefined;
  return {
    client,
    dialled,
    plan,
    signal: new AbortController().signal,
    startedMs: clock.monotonic(),
    record: createRequestRecord(),
    tokens: [],
    route() {
      selection ??= plan.routes.select(request, client.identity.namespace);
      return selection;
    },
    backend: undefined,
    backendFilters: [],
    consumer: undefined,
    attempt: 1,
    excluded: NOBODY,
    stickTo: undefined,
    informational: () => undefined,
    onEnd: () => undefined,
  };
}

const NOBODY: ReadonlySet<WorkloadUid> = new Set();
