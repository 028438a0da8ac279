import { HeaderList, type HttpRequest, type HttpResponse, NO_BODY } from '../../../../http/index.ts';
import type { CorsFilter } from '../../../../model/index.ts';
import { fromUnknown } from '../../../from-unknown.ts';
import { failureResponse } from '../../../request/failure-response.ts';
import type { Handler, Layer } from '../../../request/layer.ts';
import { noteFailure } from '../../../request/note-failure.ts';
import { corsFilterOf, isPreflight } from '../../../routing/preflight.ts';
import { type CorsPolicy, compileCors } from './cors-policy.ts';

/**
 * Answers preflights of rules with a CORS filter, and marks answers for the origins that the filter allows. What the filter
 * says takes the place of what the backend says about the same. Failures are answers too.
 */
export function createCorsLayer(): Layer {
  const policies = new WeakMap<CorsFilter, CorsPolicy>();
  const policyOf = (filter: CorsFilter): CorsPolicy => {
    const policy = policies.get(filter) ?? compileCors(filter);
    policies.set(filter, policy);
    return policy;
  };
  return (next) => async (request, context) => {
    const filter = corsFilterOf(context.route());
    if (filter === undefined) return next(request, context);
    const policy = policyOf(filter);
    if (isPreflight(request)) return answerPreflight(request, policy);
    const origin = request.headers.get('origin');
    const isAllowed = origin !== undefined && policy.allowsOrigin(origin);
    const handler = isAllowed ? answering(next) : next;
    return marked(await handler(request, context), isAllowed ? origin : undefined, policy);
  };
}

/** A failure becomes its answer here already: without the fields, a browser would keep even its status from the page. */
function answering(next: Handler): Handler {
  return async (request, context) => {
    try {
      return await next(request, context);
    } catch (error) {
      const failure = fromUnknown(error);
      noteFailure(context.record, failure);
      return failureResponse(request, failure);
    }
  };
}

/** An origin that is not allowed gets no fields, and its browser does not go on. */
function answerPreflight({ headers: asked }: HttpRequest, policy: CorsPolicy): HttpResponse {
  const origin = asked.get('origin') ?? '';
  const fields = policy.allowsOrigin(origin) ? policy.describe(origin, asked) : [];
  const headers = new HeaderList(fields);
  headers.add('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
  return { status: 204, headers, body: NO_BODY };
}

/** `origin`: one that is allowed. */
function marked(response: HttpResponse, origin: string | undefined, policy: CorsPolicy): HttpResponse {
  const headers = response.headers.clone();
  for (const name of OWN_FIELDS) headers.remove(name);
  if (origin !== undefined)
    for (const [name, value] of policy.expose(origin, response.headers)) headers.add(name, value);
  // A cache must not give one origin what was for another.
  if (!policy.sameForAll) headers.add('vary', 'Origin');
  return { ...response, headers };
}

const OWN_FIELDS = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
];
