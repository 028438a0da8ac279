import type { HttpRequest } from '../../http/index.ts';
import type { HttpRoute, Route, Service } from '../../model/index.ts';
import type { WaypointError } from '../errors.ts';
import { attachedRoutes } from './lookup/attached-routes.ts';
import { createGrpcIndex } from './lookup/grpc-index.ts';
import { createHostTable, type HostTable } from './lookup/host-table.ts';
import { ownNamesOf } from './lookup/own-names.ts';
import { createPathIndex, type EntryIndex } from './lookup/path-index.ts';
import { askedAbout, corsFilterOf, isPreflight } from './preflight.ts';
import { RequestFacts } from './request-facts.ts';
import { entriesOf } from './lookup/route-entry.ts';
import { compareRoutes } from './lookup/route-order.ts';
import type { RouteSelection } from './route-selection.ts';

/** The HTTP routes of one service port, in the order of their precedence. */
export interface RouteTable {
  /** Matches that could not be compiled; they hold for no request. To be logged by whoever made the table. */
  readonly problems: readonly WaypointError[];
  /** `clientNamespace` decides about consumer routes. */
  select(request: HttpRequest, clientNamespace: string): RouteSelection;
}

/** Of a pod, or of a service that nobody has written routes for. */
export const EMPTY_ROUTE_TABLE: RouteTable = { problems: [], select: () => DEFAULT };

/**
 * Compiles the routes that have the service's port among their parents; others may be among `routes`.
 *
 * Clients in whose namespace there are consumer routes are routed by those alone: they take the place of the producer's
 * routes, also where none of their rules holds (ADR 0005).
 */
export function createRouteTable(routes: readonly Route[], service: Service, port: number): RouteTable {
  const problems: WaypointError[] = [];
  const ownNames = ownNamesOf(service);
  const { producer, consumers } = attachedRoutes(routes.filter(isHttp), service, port);
  const ofProducer = compileRoutes(producer, ownNames, problems);
  const ofConsumers = new Map(
    [...consumers].map(([namespace, list]) => [namespace, compileRoutes(list, ownNames, problems)]),
  );
  return {
    problems,
    select(request, clientNamespace) {
      const compiled = ofConsumers.get(clientNamespace) ?? ofProducer;
      if (compiled === undefined) return DEFAULT;
      const selection = compiled(new RequestFacts(request));
      if (!isPreflight(request) || corsFilterOf(selection) !== undefined) return selection;
      // A rule for a method is the rule for questions about it, if it has an answer.
      const asked = compiled(new RequestFacts(askedAbout(request)));
      return corsFilterOf(asked) === undefined ? selection : asked;
    },
  };
}

/**
 * HTTPRoutes and GRPCRoutes are never mixed (Gateway API, GRPCRouteRule): where there are GRPCRoutes, gRPC goes by them
 * alone and everything else by the HTTPRoutes alone. Undefined when there are neither.
 */
function compileRoutes(
  routes: readonly HttpRoute[],
  ownNames: ReadonlySet<string>,
  problems: WaypointError[],
): ((facts: RequestFacts) => RouteSelection) | undefined {
  if (routes.length === 0) return undefined;
  const ordered = routes.toSorted(compareRoutes);
  const http = ordered.filter(({ kind }) => kind === 'HTTPRoute');
  const grpc = ordered.filter(({ kind }) => kind === 'GRPCRoute');
  const compile = (of: readonly HttpRoute[], createIndex: typeof createPathIndex): HostTable<EntryIndex> =>
    createHostTable(
      of.flatMap((route) => entriesOf(route, problems)),
      { ownNames, createIndex, hostnamesOf: ({ selection }) => selection.route.hostnames },
    );
  const ofHttp = compile(http, createPathIndex);
  const ofGrpc = grpc.length === 0 ? ofHttp : compile(grpc, createGrpcIndex);
  return (facts) => {
    const table = facts.isGrpc ? ofGrpc : ofHttp;
    return table.find(facts.host, (index) => index.find(facts))?.selection ?? UNMATCHED;
  };
}

function isHttp(route: Route): route is HttpRoute {
  return route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute';
}

const DEFAULT: RouteSelection = { kind: 'default' };
const UNMATCHED: RouteSelection = { kind: 'unmatched' };
