import { finished } from 'node:stream';
import type { MeshError } from '../../../base/index.ts';
import { HeaderList, bodyOf, type HttpRequest, type HttpResponse, NO_BODY } from '../../../http/index.ts';
import type { SpiffeId } from '../../../model/index.ts';
import { decideL7 } from '../../../policy/index.ts';
import type { CheckedHeader } from '../../../wire/index.ts';
import { requestAttributes } from '../../authorization/attributes.ts';
import { applyHeaders } from '../../authorization/authorizers/apply-answer.ts';
import { consult, type Consultation } from '../../authorization/authorizers/consult.ts';
import { deniedUnknownRemote } from '../../authorization/denial.ts';
import type { GuardDeps } from '../../authorization/guard-deps.ts';
import { conclude, noteAudits } from '../../authorization/note-decision.ts';
import type { Admission, LiveConnections } from '../../authorization/live-connections.ts';
import { remoteAddress } from '../../authorization/remote-address.ts';
import { grpcStatusFor } from '../../faults/status-mapping.ts';
import { isGrpc } from '../../request/failure-response.ts';
import type { Layer } from '../../request/layer.ts';
import type { RequestContext } from '../../request/request-context.ts';

/** What judging takes, and who is told of a connection that lives on. */
export interface AuthorizationLayerOptions extends GuardDeps {
  /** Gateways from outside the mesh, whose word about their own clients is believed. */
  readonly trustedClients: ReadonlySet<SpiffeId>;
  readonly live: Pick<LiveConnections, 'follow'>;
}

/**
 * Judges requests by the policies of what was dialled, in Istio's order: authorizers first, whose changes to the request are
 * judged too, then DENY, then ALLOW. It stands behind authentication, and before anything that costs, changes or routes.
 * Rejects with ERR_WAYPOINT_DENIED, ERR_WAYPOINT_AUTHORIZER or ERR_WAYPOINT_UNCHECKED_BODY.
 */
export function createAuthorizationLayer(options: AuthorizationLayerOptions): Layer {
  return (next) => async (request, context) => {
    const { policies } = context.plan.authorization;
    if (policies.length === 0 && request.upgrade === undefined) return next(request, context);
    const judgement = await judge(request, context, options);
    if ('refusal' in judgement) return refused(request, context, judgement);
    const { tunnel, ...response } = await next(judgement.request, context);
    applyHeaders(response.headers, judgement.responseHeaders);
    if (tunnel === undefined) return response;
    // What leaves HTTP lives on, and policies may change.
    const { admission } = judgement;
    const { dialled } = context;
    const cut = (cause: MeshError): void => tunnel.reset(cause);
    finished(tunnel.duplex, options.live.follow({ ...admission, dialled, cut }));
    return { ...response, tunnel };
  };
}

type Judgement =
  | {
      /** As authorizers have changed it. */
      readonly request: HttpRequest;
      readonly responseHeaders: readonly CheckedHeader[];
      readonly admission: Admission;
    }
  | Extract<Consultation, { readonly allowed: false }>;

async function judge(
  request: HttpRequest,
  context: RequestContext,
  options: AuthorizationLayerOptions,
): Promise<Judgement> {
  const { policies } = context.plan.authorization;
  const remote = remoteAddress(request.headers, context.client, options.trustedClients);
  if (remote === undefined) throw deniedUnknownRemote();
  const attributes = requestAttributes(request, context, remote);
  const decision = decideL7({ policies, attributes });
  noteAudits(decision, context, options);
  if (decision.verdict !== 'custom-needed') {
    conclude(decision, options);
    context.record.allowedBy = decision.reason.policy;
    return { request, responseHeaders: [], admission: { attributes, policies, authorizers: new Set() } };
  }
  const question = { parties: context, sni: '', http: request, onEnd: context.onEnd };
  const consultation = await consult(decision.authorizers, question, options);
  if (!consultation.allowed) return consultation;
  const { request: authorized = request, responseHeaders } = consultation;
  const changed = requestAttributes(authorized, context, remote);
  const last = decideL7({ policies, attributes: changed, authorized: true });
  conclude(last, options);
  context.record.allowedBy = last.reason.policy;
  const authorizers = new Set(decision.authorizers.map(({ provider }) => provider));
  return { request: authorized, responseHeaders, admission: { attributes: changed, policies, authorizers } };
}

/** What the authorizer says to the client is passed on; to a gRPC client in the form that it understands. */
function refused(
  request: HttpRequest,
  { record }: RequestContext,
  { need, refusal }: Extract<Consultation, { readonly allowed: false }>,
): HttpResponse {
  record.policy = need.policy;
  record.rule = need.rule;
  record.reason = 'authorizer_denied';
  const { status, headers, body } = refusal;
  if (!isGrpc(request)) return { status, headers, body: bodyOf(body) };
  const fields = new HeaderList([...headers].filter(([name]) => !DESCRIBES_BODY.has(name.toLowerCase())));
  fields.set('content-type', 'application/grpc');
  fields.set('grpc-status', String(grpcStatusFor(status)));
  return { status: 200, headers: fields, body: NO_BODY };
}

const DESCRIBES_BODY: ReadonlySet<string> = new Set(['content-type', 'content-encoding']);
