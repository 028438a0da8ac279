import { HeaderList, type HttpRequest } from '../../../http/index.ts';
import type { CheckedHeader } from '../../../wire/index.ts';
import { paramsOf } from '../../authentication/tokens/find-tokens.ts';
import { isSettableHeader } from '../../request/settable-header.ts';
import type { Allowance } from './authorizer-answer.ts';

/** The request as an authorizer wants it to go on. Of its head only fields and parameters are an authorizer's to change. */
export function changedRequest(request: HttpRequest, allowance: Allowance): HttpRequest {
  const { requestHeaders, removedHeaders, setParameters, removedParameters } = allowance;
  let changed = request;
  if (requestHeaders.length > 0 || removedHeaders.length > 0) {
    const headers = request.headers.clone();
    applyHeaders(headers, requestHeaders);
    for (const name of removedHeaders) if (isSettableHeader(name)) headers.remove(name);
    changed = { ...changed, headers };
  }
  if (setParameters.length > 0 || removedParameters.length > 0)
    changed = { ...changed, target: changedTarget(request.target, allowance) };
  return changed;
}

/** Changes the fields in place. */
export function applyHeaders(headers: HeaderList, changes: readonly CheckedHeader[]): void {
  for (const { name, value, action } of changes) {
    if (!isSettableHeader(name)) continue;
    switch (action) {
      case 'set':
        headers.set(name, value);
        break;
      case 'add':
        headers.add(name, value);
        break;
      case 'add-if-absent':
        if (!headers.has(name)) headers.add(name, value);
        break;
      case 'set-if-present':
        if (headers.has(name)) headers.set(name, value);
        break;
    }
  }
}

/** Fields for a message of our own. */
export function headersOf(changes: readonly CheckedHeader[]): HeaderList {
  const headers = new HeaderList();
  applyHeaders(headers, changes);
  return headers;
}

function changedTarget(
  target: string,
  { setParameters, removedParameters }: Pick<Allowance, 'setParameters' | 'removedParameters'>,
): string {
  const replaced = new Set([...setParameters.map(({ name }) => name), ...removedParameters]);
  const removed = new Set(removedParameters);
  const parts = [
    ...paramsOf(target).flatMap(({ name, raw }) => (replaced.has(name) ? [] : [raw])),
    ...setParameters.flatMap(({ name, value }) =>
      removed.has(name) ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
    ),
  ];
  const [path = ''] = target.split('?', 1);
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}
