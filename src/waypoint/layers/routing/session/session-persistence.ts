import type { Clock } from '../../../../base/index.ts';
import type { HttpRequest, HttpResponse } from '../../../../http/index.ts';
import type { HttpBackend, HttpRule } from '../../../../model/index.ts';
import type { Layer } from '../../../request/layer.ts';
import type { RequestContext } from '../../../request/request-context.ts';
import { readSession, sessionField, sessionSlot } from './session-slot.ts';

/**
 * Keeps a client with the endpoint that it was sent to first, as long as that may be chosen: what the client hands back is
 * asked for, and what it is to hand back from now on is put into the answer. Stands behind the route layer.
 */
export function createSessionLayer({ clock }: { readonly clock: Clock }): Layer {
  return (next) => async (request, context) => {
    const { backend, record } = context;
    const slot = sessionSlot(context, context.route(), backend);
    if (slot === undefined || backend?.kind !== 'service') return next(request, context);
    const session = readSession(request, slot, backend, clock.now());
    const response = await next(request, { ...context, stickTo: session?.endpoint });
    const endpoint = record.upstream?.uid;
    // Who could not answer is nobody to stay with.
    if (endpoint === undefined || response.status >= 500) return response;
    const nowS = Math.floor(clock.now() / 1_000);
    const stays = session?.endpoint === endpoint;
    if (stays && (slot.persistence.idleTimeoutMs === undefined || session.usedS === nowS)) return response;
    const { service, port } = backend;
    const startedS = stays ? session.startedS : nowS;
    return withField(response, sessionField(slot, { service, port, endpoint, startedS, usedS: nowS }));
  };
}

/** The backend of a rule that the client has a session with; one without weight gets no requests, whoever asks. */
export function backendOfSession(
  request: HttpRequest,
  context: RequestContext,
  rule: HttpRule,
  nowMs: number,
): HttpBackend | undefined {
  const selection = context.route();
  return rule.backends.find(({ weight, target }) => {
    const slot = weight === 0 ? undefined : sessionSlot(context, selection, target);
    return slot !== undefined && readSession(request, slot, target, nowMs) !== undefined;
  });
}

function withField(response: HttpResponse, [name, value]: readonly [string, string]): HttpResponse {
  const headers = response.headers.clone();
  headers.add(name, value);
  return { ...response, headers };
}
