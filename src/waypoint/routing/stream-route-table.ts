import type { BackendTarget, Route, Service, StreamRoute, StreamRule } from '../../model/index.ts';
import { attachedRoutes } from './lookup/attached-routes.ts';
import { createHostTable, type HostTable } from './lookup/host-table.ts';
import { ownNamesOf } from './lookup/own-names.ts';
import { compareRoutes } from './lookup/route-order.ts';
import { createWeightedChoice, type WeightedChoice } from './weighted-choice.ts';

/** What is known of a connection that is carried as it is. */
export interface StreamFacts {
  readonly clientNamespace: string;
  /** It begins with a TLS handshake. */
  readonly isTls: boolean;
  /** The name that the handshake asks for; undefined when it names none. */
  readonly serverName: string | undefined;
}

/** What the routes of a target say to one connection. */
export type StreamSelection =
  /** An invalid target is a refusal, for the share of connections that it stands for. */
  | {
      readonly kind: 'backend';
      readonly route: StreamRoute;
      readonly rule: StreamRule;
      readonly target: BackendTarget;
    }
  /** No route is attached for this client: to the service that was dialled. */
  | { readonly kind: 'default' }
  /** Routes are attached and none takes the connection, or the one that does has no backend: it is refused. */
  | { readonly kind: 'unmatched' };

/** The TCP and TLS routes of one service port. */
export interface StreamRouteTable {
  /** Whether it matters if a connection is TLS, and what it asks for. */
  readonly looksAtTls: boolean;
  /** Each call is one connection: backends of a rule are chosen by their weights. */
  select(facts: StreamFacts): StreamSelection;
}

const DEFAULT: StreamSelection = { kind: 'default' };
const UNMATCHED: StreamSelection = { kind: 'unmatched' };

/** Of a pod, or of a service that nobody has written routes for. */
export const EMPTY_STREAM_ROUTE_TABLE: StreamRouteTable = { looksAtTls: false, select: () => DEFAULT };

/**
 * TLSRoutes take TLS by the name that it asks for, TCPRoutes everything else; the two are not mixed: where there are TLSRoutes,
 * TLS goes by them alone. A route has one rule that counts, the first, for nothing tells connections apart. `random` is in
 * [0, 1).
 */
export function createStreamRouteTable(
  routes: readonly Route[],
  service: Service,
  port: number,
  random: () => number = Math.random,
): StreamRouteTable {
  const { producer, consumers } = attachedRoutes(routes.filter(isStream), service, port);
  const all = [...producer, ...[...consumers.values()].flat()];
  const ownNames = ownNamesOf(service);
  const ofProducer = compileRoutes(producer, ownNames, random);
  const ofConsumers = new Map(
    [...consumers].map(([namespace, list]) => [namespace, compileRoutes(list, ownNames, random)]),
  );
  return {
    looksAtTls: all.some(({ kind }) => kind === 'TLSRoute'),
    select(facts) {
      const compiled = ofConsumers.get(facts.clientNamespace) ?? ofProducer;
      return compiled === undefined ? DEFAULT : compiled(facts);
    },
  };
}

function compileRoutes(
  routes: readonly StreamRoute[],
  ownNames: ReadonlySet<string>,
  random: () => number,
): ((facts: StreamFacts) => StreamSelection) | undefined {
  if (routes.length === 0) return undefined;
  const tls = routes.filter(({ kind }) => kind === 'TLSRoute');
  const [tcp] = routes.filter(({ kind }) => kind === 'TCPRoute').sort(compareRoutes);
  const byName: HostTable<StreamRoute | undefined> = createHostTable(tls, {
    ownNames,
    hostnamesOf: ({ hostnames }) => hostnames,
    createIndex: (list) => list.toSorted(compareRoutes)[0],
  });
  const choices = new Map(routes.map((route) => [route, choiceAmong(route, random)]));
  return ({ isTls, serverName }) => {
    const route = isTls && tls.length > 0 ? byName.find(serverName?.toLowerCase(), (found) => found) : tcp;
    return (route && choices.get(route)?.()) ?? UNMATCHED;
  };
}

function choiceAmong(route: StreamRoute, random: () => number): () => StreamSelection | undefined {
  const [rule] = route.rules;
  if (rule === undefined) return () => undefined;
  const choice: WeightedChoice = createWeightedChoice(
    rule.backends.map(({ weight }) => weight),
    random,
  );
  return () => {
    const backend = rule.backends[choice.next() ?? -1];
    return backend && { kind: 'backend', route, rule, target: backend.target };
  };
}

function isStream(route: Route): route is StreamRoute {
  return route.kind === 'TCPRoute' || route.kind === 'TLSRoute';
}
