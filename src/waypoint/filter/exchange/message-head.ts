import type { HttpRequest, HttpResponse } from '../../../http/index.ts';
import type { FilteredRequest } from '../filtered-request.ts';
import type { ContextHead, RequestHead, ResponseHead } from '../protocol/messages.ts';

/** The fields are copied: the request may change while the frame waits. */
export function requestHead(request: HttpRequest): RequestHead {
  const { method, target, authority, scheme, version, headers } = request;
  return { method, path: target, authority, scheme, version, headers: [...headers] };
}

/** The fields are copied, as those of a request. */
export function responseHead({ status, headers }: HttpResponse): ResponseHead {
  return { status, headers: [...headers] };
}

/** `locals`: JSON of what the filter has left with the request so far. */
export function contextHead(context: FilteredRequest, locals: string): ContextHead {
  const { identity, address, port } = context.client;
  const { id, trustDomain, namespace, serviceAccount } = identity;
  return {
    client: { principal: id, trustDomain, namespace, serviceAccount, address, port },
    service: serviceOf(context),
    route: routeOf(context),
    locals,
  };
}

function serviceOf({ dialled }: FilteredRequest): ContextHead['service'] {
  if (dialled.kind === 'workload') return undefined;
  const { name, namespace, hostname } = dialled.service;
  return { name, namespace, hostname, port: dialled.port };
}

function routeOf(context: FilteredRequest): ContextHead['route'] {
  const selection = context.route();
  if (selection.kind !== 'rule') return undefined;
  const { kind, namespace, name } = selection.route;
  return { kind, namespace, name, rule: selection.rule.name };
}
