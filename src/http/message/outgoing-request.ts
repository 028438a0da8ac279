import { HttpError } from '../errors.ts';
import { isAuthority, isTarget, isToken } from './field-syntax.ts';
import type { HttpRequest } from './http-message.ts';

/** Throws ERR_HTTP_HEADER unless what a request goes out with will be read as it is meant. CONNECT we do not carry. */
export function checkOutgoing(request: HttpRequest): void {
  const { method, target, authority } = request;
  if (!isToken(method) || method === 'CONNECT') throw headerError('method', method);
  if (!isTarget(target) || (target === '*' && method !== 'OPTIONS')) throw headerError('target', target);
  if (!isAuthority(authority)) throw headerError('authority', authority);
}

function headerError(what: string, text: string): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_HEADER',
    blame: 'local',
    message: `expected a ${what} that may be sent, got ${JSON.stringify(text.slice(0, 60))}`,
  });
}
