import type { HttpResponse } from '../../../../src/http/index.ts';
import type { HttpRule } from '../../../../src/model/index.ts';
import type { Handler, Layer } from '../../../../src/waypoint/request/layer.ts';
import { compose } from '../../../../src/waypoint/request/layer.ts';
import { createRouteTable } from '../../../../src/waypoint/routing/route-table.ts';
import { type ContextOptions, makeContext, makeRequest } from '../../request-fixtures.ts';
import { echo, makeRoute, makeRule } from '../../routing/route-fixtures.ts';

type Ask = NonNullable<Parameters<typeof makeRequest>[0]>;

/** Sends requests through layers, under one route of one rule. */
export function throughRule(
  rule: Partial<HttpRule>,
  layers: readonly Layer[],
  leaf: Handler,
  options: Omit<ContextOptions, 'request' | 'routes'> = {},
): (ask?: Ask) => Promise<HttpResponse> {
  const routes = createRouteTable([makeRoute({ rules: [makeRule(rule)] })], echo, 80);
  const handler = compose(layers, leaf);
  return async (ask = {}) => {
    const request = makeRequest(ask);
    return handler(request, makeContext({ ...options, request, routes }));
  };
}
