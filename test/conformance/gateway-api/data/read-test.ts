import type {
  BackendSees,
  CaseRequest,
  ConformanceCase,
  ConformanceTest,
  Distribution,
  Expectation,
  Mirror,
  PodSelector,
  Redirect,
} from './conformance-test.ts';
import { expandRows, unresolvedIn } from './expressions.ts';
import { headersOf, type JsonObject, listOf, numberOf, objectOf, textOf, textsOf } from './json-value.ts';

/** Reads one file of `expectations/`. */
export function readTest(json: unknown): ConformanceTest {
  const test = objectOf(json);
  const client = selectorOf(test.client);
  const tables = listOf(test.tables).map(objectOf);
  return {
    name: textOf(test.test) ?? '',
    profile: test.profile === 'mesh' ? 'mesh' : 'gateway',
    features: textsOf(test.features),
    support: test.support === 'core' ? 'core' : 'extended',
    manifests: textsOf(test.manifests),
    cases: listOf(test.cases)
      .flatMap((one) => expandRows(objectOf(one), tables))
      .map((one) => readCase(one, client)),
    distribution: readDistribution(test.distribution),
    statusAssertions: listOf(test.statusAssertions).map((one) => ({
      assert: textOf(objectOf(one).assert) ?? '',
      args: listOf(objectOf(one).args),
    })),
  };
}

function readCase(json: JsonObject, client: PodSelector | undefined): ConformanceCase {
  const request = readRequest(json);
  const label = textOf(json.name) ?? textOf(json.group);
  const what =
    request.grpc === undefined
      ? `${request.method} ${hostText(request)}${request.path}`
      : `${request.grpc.service}/${request.grpc.method}`;
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return {
    title: [label, what, ...headers].filter((part) => part !== undefined && part !== '').join(', '),
    client: selectorOf(json.client) ?? client,
    request,
    expect: readExpectation(objectOf(json.expect)),
    unresolved: unresolvedIn(json),
  };
}

function readRequest(json: JsonObject): CaseRequest {
  const request = objectOf(json.request);
  const grpc = json.grpc === undefined ? undefined : objectOf(json.grpc);
  const tls = json.tls ?? request.tls ?? request.sni;
  return {
    protocol: grpc === undefined ? (textOf(request.protocol) ?? 'HTTP').toUpperCase() : 'GRPC',
    method: textOf(request.method) ?? 'GET',
    host: grpc === undefined ? readHost(request.host) : textOf(grpc.authority),
    path: textOf(request.path) ?? '',
    headers: headersOf(grpc?.metadata ?? request.headers),
    body: textOf(request.body) ?? '',
    grpc:
      grpc === undefined
        ? undefined
        : { service: textOf(grpc.service) ?? '', method: textOf(grpc.method) ?? '' },
    needsTls: tls !== undefined && tls !== null && tls !== '',
  };
}

function readHost(value: unknown): CaseRequest['host'] {
  const podIPOf = selectorOf(objectOf(value).podIPOf);
  return podIPOf === undefined ? textOf(value) : { podIPOf, port: numberOf(objectOf(value).port) };
}

function hostText({ host }: CaseRequest): string {
  if (host === undefined) return '';
  return typeof host === 'string' ? host : `pod ${host.podIPOf.labels}`;
}

function readExpectation(json: JsonObject): Expectation {
  return {
    status: listOf(json.status).flatMap((one) => numberOf(one) ?? []),
    code: textOf(json.code),
    backend: textOf(json.backend),
    namespace: textOf(json.namespace),
    backendSees: readBackendSees(json.backendSees),
    responseHeaders: headersOf(json.responseHeaders),
    responseAbsentHeaders: textsOf(json.responseAbsentHeaders),
    responseHeaderOneOf: Object.fromEntries(
      Object.entries(objectOf(json.responseHeaderOneOf)).map(([name, values]) => [name, textsOf(values)]),
    ),
    ignoreWhitespace: json.ignoreWhitespace === true,
    redirect: readRedirect(json.redirect),
    mirroredTo: listOf(json.mirroredTo).map(readMirror),
  };
}

function readBackendSees(value: unknown): BackendSees | undefined {
  if (value === undefined || value === null) return undefined;
  const sees = objectOf(value);
  return {
    host: textOf(sees.host),
    path: textOf(sees.path),
    method: textOf(sees.method),
    headers: headersOf(sees.headers),
    absentHeaders: textsOf(sees.absentHeaders),
  };
}

function readRedirect(value: unknown): Redirect | undefined {
  if (value === undefined || value === null) return undefined;
  const parts = objectOf(value);
  return {
    scheme: textOf(parts.Scheme),
    host: textOf(parts.Host),
    port: textOf(parts.Port),
    path: textOf(parts.Path),
  };
}

function readMirror(value: unknown): Mirror {
  const { BackendRef, Percent } = objectOf(value);
  const backend = objectOf(BackendRef);
  return {
    namespace: textOf(backend.Namespace) ?? '',
    service: textOf(backend.Name) ?? '',
    percent: numberOf(Percent) ?? 100,
  };
}

function readDistribution(value: unknown): Distribution | undefined {
  if (value === undefined || value === null) return undefined;
  const distribution = objectOf(value);
  return {
    weights: Object.fromEntries(
      Object.entries(objectOf(distribution.weights)).map(([name, share]) => [name, numberOf(share) ?? 0]),
    ),
    requests: numberOf(distribution.requests) ?? 500,
    tolerance: numberOf(distribution.tolerance) ?? 0.05,
    attempts: numberOf(distribution.attempts) ?? 10,
  };
}

function selectorOf(value: unknown): PodSelector | undefined {
  const { namespace, labels } = objectOf(value);
  return typeof namespace === 'string' && typeof labels === 'string' ? { namespace, labels } : undefined;
}
