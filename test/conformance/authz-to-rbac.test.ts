import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'tap';
import type { AuthorizationPolicyObject } from '../../src/controller/objects/index.ts';
import { translateRequestPolicy } from '../../src/controller/translate/index.ts';
import {
  type IpAddress,
  parseIpAddress,
  type RequestPolicy,
  type SpiffeId,
  type WorkloadIdentity,
} from '../../src/model/index.ts';
import { decideL7, type RequestAttributes } from '../../src/policy/index.ts';
import { objectOf, readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';
import { asksAuthorizer, isRbacFilter, passesFilters, type RbacRequest } from './support/rbac-filter.ts';

const folder = conformancePath('istio', 'authz-to-rbac');
const RUNS = 3_000;

for (const protocol of ['http', 'tcp'] as const) {
  test(
    `decisions about ${protocol} are those of the filters that Istio makes of a policy`,
    needsConformanceData(),
    async (t) => {
      const files = readdirSync(conformancePath(folder, protocol));
      const inputs = files.filter((name) => name.endsWith('-in.yaml'));
      t.ok(inputs.length > 0, `${inputs.length} cases`);
      for (const input of inputs) {
        const name = input.slice(0, -'-in.yaml'.length);
        const outputs = files.filter((file) => new RegExp(`^${name}-out\\d*\\.yaml$`).test(file)).sort();
        const filters = outputs
          .flatMap((file) => readDocuments(conformancePath(folder, protocol, file)))
          .filter((filter): filter is Readonly<Record<string, unknown>> => isRbacFilter(filter as never));
        const documents = readDocuments(conformancePath(folder, protocol, input));
        const policies = documents.map((document) => translated(document, trustDomainsOf(name)));
        const verdicts = new Map<string, number>();
        fc.assert(
          fc.property(requestsFor(documents, protocol === 'http'), (request) => {
            const expected = asksAuthorizer(filters, request)
              ? 'custom-needed'
              : passesFilters(filters, request)
                ? 'allow'
                : 'deny';
            const { verdict, reason } = decideL7({
              policies,
              attributes: attributesOf(request, protocol === 'http'),
            });
            verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
            if (verdict !== expected) throw new Error(`expected ${expected}: ${reason.sentence}`);
          }),
          { numRuns: RUNS },
        );
        t.pass(`${name}: ${[...verdicts].map(([verdict, count]) => `${verdict} ${count}`).join(', ')}`);
      }
    },
  );
}

/** The mesh of Istio's own test of these files: the name of the case says whether it has aliases. */
function trustDomainsOf(name: string): readonly string[] {
  return name.includes('td-aliases') ? ['td1', 'cluster.local'] : ['cluster.local'];
}

function translated(document: unknown, trustDomains: readonly string[]): RequestPolicy {
  const object = objectOf('AuthorizationPolicy', document) as AuthorizationPolicyObject;
  const { policy, problems } = translateRequestPolicy(object, {
    trustDomains,
    isProvider: () => true,
    attachments: [],
  });
  if (problems.length > 0) throw new Error(problems.join('; '));
  return policy;
}

/** Requests made of what the policies mention, and of what comes close to it. */
function requestsFor(documents: readonly unknown[], isHttp: boolean): fc.Arbitrary<RbacRequest> {
  const mentioned = [...new Set(textsIn(documents))];
  const near = fc.oneof(
    fc.constantFrom(...mentioned),
    fc.constantFrom(...mentioned.flatMap(variants), 'x', 'a/b'),
  );
  const domain = fc.constantFrom(
    'cluster.local',
    'td1',
    'another.local',
    'untrusted',
    'bad',
    'badly',
    'bad.x',
    'other',
  );
  const segment = near.filter((text) => !text.includes('/') && text !== 'ns' && text !== 'sa');
  const composed = fc.tuple(domain, segment, segment).map(([td, ns, sa]) => `${td}/ns/${ns}/sa/${sa}`);
  // One with more parts is nobody's in a mesh.
  const whole = near.filter((text) => !text.includes('/ns/') || text.split('/').length === 5);
  const principal = fc.option(
    fc.oneof(composed, whole).map((text) => `spiffe://${text}`),
    { nil: undefined },
  );
  const path = fc
    .oneof(
      near,
      fc.tuple(near, near).map(([a, b]) => `/${a}/${b}`),
    )
    .map((text) => (text.startsWith('/') ? text : `/${text}`))
    // Anything else is read in several ways, which the filters do not do.
    .filter((text) => /^(\/[a-z0-9[\]_-]+)*\/?$/.test(text));
  const address = fc.constantFrom(...addressesIn(mentioned), '192.0.2.1' as IpAddress);
  const claims = fc.record(
    {
      iss: near,
      sub: near,
      aud: fc.oneof(near, fc.array(near, { maxLength: 3 })),
      azp: near,
      groups: fc.array(near, { maxLength: 2 }),
    },
    { requiredKeys: [] },
  );
  const headers = fc
    .tuple(
      near,
      near,
      fc.dictionary(
        near.map((text) => text.toLowerCase()),
        near,
        { maxKeys: 3 },
      ),
    )
    .map(
      ([method, host, others]) =>
        new Map([...Object.entries(others), [':method', method], [':authority', host]]),
    );
  return fc.record<RbacRequest>({
    principal,
    directRemoteIp: address,
    remoteIp: address,
    destinationIp: address,
    destinationPort: fc.constantFrom(80, 8080, 9090, ...portsIn(mentioned)),
    serverName: near.map((text) => text.toLowerCase()),
    headers: isHttp ? headers : fc.constant(new Map()),
    path: isHttp ? path : fc.constant(''),
    claims: isHttp ? claims : fc.constant({}),
  });
}

function attributesOf(request: RbacRequest, isHttp: boolean): RequestAttributes {
  return {
    source: request.principal === undefined ? undefined : identityOf(request.principal),
    sourceAddress: request.directRemoteIp,
    remoteAddress: request.remoteIp,
    destinationAddress: request.destinationIp,
    destinationPort: request.destinationPort,
    sni: request.serverName,
    http: isHttp
      ? {
          method: request.headers.get(':method') ?? '',
          authority: request.headers.get(':authority') ?? '',
          target: request.path,
          header: (name) => [request.headers.get(name)].filter((value) => value !== undefined),
          tokens: [{ claims: request.claims as Readonly<Record<string, unknown>> }],
        }
      : undefined,
  };
}

/** Names in the cases are not those that a mesh would give. */
function identityOf(id: string): WorkloadIdentity {
  const [trustDomain = '', ns, namespace = '', sa, serviceAccount = '', more] = id
    .slice('spiffe://'.length)
    .split('/');
  const isWhole = ns === 'ns' && sa === 'sa' && more === undefined;
  return isWhole
    ? { id: id as SpiffeId, trustDomain, namespace, serviceAccount }
    : { id: id as SpiffeId, trustDomain: '', namespace: '', serviceAccount: '' };
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** What fits a pattern, and what nearly does; parts of principals and of `issuer/subject` too. */
function variants(text: string): readonly string[] {
  const filled = text.replaceAll('{**}', 'a/b').replaceAll('{*}', 'seg').replaceAll('*', 'any');
  const bare = text.replaceAll(/\{\*+\}/g, '').replaceAll('*', '');
  return [filled, bare, `${filled}-more`, ...text.split('/'), filled.toUpperCase()].filter(
    (part) => part !== '',
  );
}

function addressesIn(texts: readonly string[]): readonly IpAddress[] {
  return texts.flatMap((text) =>
    /^\d+\.\d+\.\d+\.\d+/.test(text) ? [parseIpAddress(text.split('/')[0] ?? '')] : [],
  );
}

function portsIn(texts: readonly string[]): readonly number[] {
  return texts.flatMap((text) => (/^\d{1,5}$/.test(text) ? [Number(text)] : []));
}
