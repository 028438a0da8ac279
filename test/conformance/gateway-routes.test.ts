import { test } from 'tap';
import type { HeaderFilter, HttpFilter, HttpRule, PathMatch, Route } from '../../src/model/index.ts';
import { meshOf } from '../controller/support/mesh-of.ts';
import { readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';
import { isRoute, type Json, movedTo, type RouteDocument, servicesFor } from './support/route-objects.ts';

// What Istio makes of routes (a VirtualService) and what we do must mean the same, rule by rule. Rules of an ingress Gateway
// are compared as those of a Service. What has another form by design is left out: CORS and retry conditions.

const FILES = ['mesh', 'http', 'grpc', 'weighted', 'zero', 'reference-policy-service'];

interface VirtualService {
  readonly kind: string;
  readonly spec: {
    readonly gateways: readonly string[];
    readonly hosts: readonly string[];
    readonly http?: readonly IstioRule[];
  };
}

interface IstioRule extends Json {
  readonly name: string;
  readonly match?: readonly { readonly uri?: Json; readonly headers?: Json; readonly port?: number }[];
  readonly route?: readonly IstioDestination[];
  readonly mirrors?: readonly (IstioDestination & { readonly percentage: { readonly value: number } })[];
  readonly headers?: Json;
  readonly redirect?: Json;
  readonly rewrite?: Json;
  readonly timeout?: string;
}

interface IstioDestination {
  readonly destination: { readonly host?: string; readonly port?: { readonly number: number } };
  readonly weight?: number;
  readonly headers?: Json;
}

/** A rule in words that both sides can be put into. */
type Meaning = Readonly<Record<string, unknown>>;

function meaningOfIstio({
  match = [{}],
  route,
  mirrors = [],
  headers = {},
  redirect,
  rewrite,
  timeout,
}: IstioRule): Meaning {
  const address = ({ host, port }: IstioDestination['destination']): string =>
    host === undefined ? 'nobody' : `${host}:${port?.number}`;
  const { uriRegexRewrite, ...plainRewrite } = rewrite ?? {};
  return {
    matches: match.map(({ uri, headers: wanted }) => ({
      uri: uri ?? { prefix: '/' },
      headers: wanted ?? {},
    })),
    // Without a route it answers itself: all weights are zero, or it is a redirect.
    backends: (route ?? []).map(({ destination, weight = 1, headers: own = {} }) => [
      address(destination),
      route?.length === 1 ? 1 : weight,
      own,
    ]),
    mirrors: mirrors.map(({ destination, percentage }) => [address(destination), percentage.value]),
    headers,
    redirect,
    rewrite: rewrite && {
      ...plainRewrite,
      ...(uriRegexRewrite === undefined ? {} : { uri: (uriRegexRewrite as Json).rewrite }),
    },
    timeoutMs: timeout === undefined ? undefined : Math.round(Number.parseFloat(timeout) * 1_000),
  };
}

function meaningOfOurs({ matches, filters, backends, timeouts }: HttpRule): Meaning {
  const weighted = backends.filter(({ weight }) => weight > 0);
  const address = (target: HttpRule['backends'][number]['target']): string =>
    target.kind === 'invalid' ? 'nobody' : `${target.service.split('/')[1]}:${target.port}`;
  const rewrite = filters.find((filter) => filter.type === 'rewrite');
  const redirect = filters.find((filter) => filter.type === 'redirect');
  return {
    matches: matches.map(({ path, headers }) => ({
      uri: uriOf(path),
      headers: Object.fromEntries(headers.map(({ kind, name, value }) => [name, { [kind]: value }])),
    })),
    backends: weighted.map(({ target, weight, filters: own }) => [
      address(target),
      weighted.length === 1 ? 1 : weight,
      headersOf(own),
    ]),
    mirrors: filters.flatMap((filter) =>
      filter.type === 'mirror'
        ? [[address(filter.backend), (100 * filter.numerator) / filter.denominator]]
        : [],
    ),
    headers: headersOf(filters),
    redirect: redirect && {
      ...without({ port: redirect.port, scheme: redirect.scheme, authority: redirect.hostname }),
      redirectCode: redirect.status,
      ...(redirect.path && {
        [redirect.path.kind === 'full' ? 'uri' : 'prefixRewrite']: redirect.path.value,
      }),
    },
    // Taking a prefix away leaves the root.
    rewrite:
      rewrite && without({ authority: rewrite.hostname, uri: rewrite.path && (rewrite.path.value || '/') }),
    // Istio knows one limit, and takes the narrower.
    timeoutMs: timeouts.backendRequestMs ?? timeouts.requestMs,
  };
}

function uriOf(path: PathMatch): Json {
  if (path.kind !== 'grpc') return { [path.kind]: path.value };
  if (path.method === undefined) return { prefix: `/${path.service}/` };
  return { regex: `/${path.service ?? '[^/]+'}/${path.method}` };
}

function headersOf(filters: readonly HttpFilter[]): Json {
  const part = (type: HeaderFilter['type']): Json | undefined => {
    const filter = filters.find((candidate) => candidate.type === type);
    if (filter === undefined) return undefined;
    const { set, add, remove } = filter as HeaderFilter;
    const pairs = (list: HeaderFilter['add']) =>
      Object.fromEntries(list.map(({ name, value }) => [name, value]));
    return {
      ...(set.length === 0 ? {} : { set: pairs(set) }),
      ...(add.length === 0 ? {} : { add: pairs(add) }),
      ...(remove.length === 0 ? {} : { remove }),
    };
  };
  return without({ request: part('request-headers'), response: part('response-headers') });
}

function without(values: Json): Json {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function ruleName(route: Route, index: number): string {
  return route.rules[index]?.name || `${route.namespace}.${route.name}.${index}`;
}

for (const file of FILES) {
  test(`rules of ${file}.yaml mean what Istio makes of them`, needsConformanceData(), async (t) => {
    const folder = conformancePath('istio/gateway-api-conversion');
    const documents = readDocuments(`${folder}/${file}.yaml`);
    const golden = (readDocuments(`${folder}/${file}.yaml.golden`) as readonly VirtualService[]).filter(
      ({ kind }) => kind === 'VirtualService',
    );
    const moved = documents.map((value) =>
      isRoute(value) && !isMeshRoute(value) ? movedTo('moved-parent', value) : value,
    );
    const mesh = meshOf([...moved, ...servicesFor(moved)]);
    const rules = new Map<string, HttpRule>();
    for (const route of mesh.collections.routes.values()) {
      if (route.kind !== 'HTTPRoute' && route.kind !== 'GRPCRoute') continue;
      for (const [index, rule] of route.rules.entries()) rules.set(ruleName(route, index), rule);
    }
    let compared = 0;
    for (const rule of golden.flatMap(({ spec }) => spec.http ?? [])) {
      if (rule.name.includes('infpool') || rule.name.includes('inferencepool')) continue;
      const ours = rules.get(rule.name);
      t.same(ours && meaningOfOurs(ours), meaningOfIstio(rule), rule.name);
      compared += 1;
    }
    t.ok(compared > 0, `${compared} rules`);
    if (file !== 'mesh') return;
    const attached = [...mesh.collections.routes.values()].flatMap((route) =>
      route.kind === 'HTTPRoute'
        ? route.parents.flatMap(({ service, port }) =>
            route.rules.map((_rule, index) => `${service.split('/')[1]} ${port} ${ruleName(route, index)}`),
          )
        : [],
    );
    const expected = golden
      .filter(({ spec }) => spec.gateways.includes('mesh'))
      .flatMap(({ spec: { hosts, http = [] } }) =>
        http.map(({ name, match }) => `${hosts[0]} ${match?.[0]?.port} ${name}`),
      );
    t.same(attached.sort(), expected.sort(), 'each on the same hosts and ports');
  });
}

function isMeshRoute({ spec: { parentRefs } }: RouteDocument): boolean {
  return parentRefs.some(({ kind }) => kind === 'Service');
}
