import type { Clock } from '../../../base/index.ts';
import { authenticate } from '../../authentication/authenticate.ts';
import type { Layer } from '../../request/layer.ts';

/**
 * Verifies the tokens that requests bring, and hands on the request as its backend is to see it: without them unless they
 * are to be forwarded, and with what they say in headers that nobody else can have written. What is behind this layer finds
 * the tokens in the context.
 */
export function createAuthenticationLayer({ clock }: { readonly clock: Pick<Clock, 'now'> }): Layer {
  return (next) => async (request, context) => {
    const { authentication } = context.plan;
    if (authentication.rules.length === 0) return next(request, context);
    const { request: authenticated, tokens } = await authenticate(request, authentication, clock);
    context.record.tokens = tokens;
    return next(authenticated, { ...context, tokens });
  };
}
