import { HeaderList, type HttpRequest, NO_BODY } from '../../../src/http/index.ts';

/** A plain GET with what is said otherwise. */
export function requestOf(parts: Partial<HttpRequest> = {}): HttpRequest {
  return {
    version: '1.1',
    method: 'GET',
    scheme: 'http',
    authority: 'shop:80',
    target: '/',
    headers: new HeaderList(),
    body: NO_BODY,
    upgrade: undefined,
    expectContinue: false,
    ...parts,
  };
}
