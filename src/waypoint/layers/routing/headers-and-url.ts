import type { HttpRequest, HttpResponse } from '../../../http/index.ts';
import type { HttpFilter, HttpMatch } from '../../../model/index.ts';
import type { Handler, Layer } from '../../request/layer.ts';
import { applyHeaderFilter, hostSetBy } from './header-filter.ts';
import { replacePath } from './replace-path.ts';

/**
 * Header modifiers and URL rewrites of the rule, in the order in which they were written. A consumer route's are in the
 * request already.
 */
export const ruleFiltersLayer: Layer = (next) => async (request, context) => {
  const selection = context.route();
  if (selection.kind !== 'rule' || !changesAnything(selection.rule.filters)) return next(request, context);
  return through(next, selection.rule.filters, selection.match)(request, context);
};

/**
 * The same of the backend that was chosen. Stands behind whatever sends copies elsewhere, since these filters are for
 * requests to that backend alone.
 */
export const backendFiltersLayer: Layer = (next) => async (request, context) => {
  const filters = context.backendFilters;
  const selection = context.route();
  if (selection.kind !== 'rule' || !changesAnything(filters)) return next(request, context);
  return through(next, filters, selection.match)(request, context);
};

function through(next: Handler, filters: readonly HttpFilter[], match: HttpMatch): Handler {
  return async (request, context) => {
    const isDone = context.consumer !== undefined;
    const changed = isDone ? request : changeRequest(request, filters, match);
    return changeResponse(await next(changed, context), filters);
  };
}

function changesAnything(filters: readonly HttpFilter[]): boolean {
  return filters.some(({ type }) => CHANGING.has(type));
}

/** The request as the filters want it, but for the fields in `kept`. */
export function changeRequest(
  request: HttpRequest,
  filters: readonly HttpFilter[],
  match: HttpMatch,
  kept?: ReadonlySet<string>,
): HttpRequest {
  const headers = request.headers.clone();
  let { authority, target } = request;
  for (const filter of filters) {
    if (filter.type === 'request-headers') {
      applyHeaderFilter(headers, filter, kept);
      authority = hostSetBy(filter) ?? authority;
    } else if (filter.type === 'rewrite') {
      authority = filter.hostname ?? authority;
      if (filter.path !== undefined) target = replacePath(target, filter.path, match);
    }
  }
  return { ...request, headers, authority, target };
}

function changeResponse(response: HttpResponse, filters: readonly HttpFilter[]): HttpResponse {
  if (!filters.some(({ type }) => type === 'response-headers')) return response;
  const headers = response.headers.clone();
  for (const filter of filters) if (filter.type === 'response-headers') applyHeaderFilter(headers, filter);
  return { ...response, headers };
}

const CHANGING: ReadonlySet<HttpFilter['type']> = new Set(['request-headers', 'response-headers', 'rewrite']);
