import fc from 'fast-check';
import {
  type Attachment,
  type Authorizer,
  authorizerKey,
  type Cidr,
  type GatewayKey,
  type HeaderPattern,
  ipAddressFromBytes,
  type JwtRule,
  type PathPattern,
  policyKey,
  type RequestAction,
  type RequestAuthentication,
  type RequestPolicy,
  type RequestTest,
  type RouteKey,
  requestAuthenticationKey,
  type ServiceKey,
  type StringMatch,
  type TokenLocation,
  type WaypointSettings,
  type Wildcard,
  waypointSettingsKey,
} from '../../../src/model/index.ts';

const text = fc.string({ maxLength: 12, unit: 'grapheme' });
const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
const port = fc.integer({ min: 1, max: 65_535 });
const flag = fc.boolean();
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 3 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const keyed = <K extends string>() => fc.tuple(name, name).map(([a, b]) => `${a}/${b}` as K);

export const attachments: fc.Arbitrary<Attachment> = fc.oneof(
  fc.record({ kind: fc.constant('gateway' as const), gateway: keyed<GatewayKey>() }),
  fc.record({ kind: fc.constant('waypoints' as const), className: maybe(name) }),
  fc.record({ kind: fc.constant('service' as const), service: keyed<ServiceKey>(), port: maybe(port) }),
  fc.record({ kind: fc.constant('route' as const), route: keyed<RouteKey>(), rule: maybe(name) }),
);

const address = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(ipAddressFromBytes);
const cidr: fc.Arbitrary<Cidr> = fc
  .tuple(address, fc.nat(128))
  .map(([ip, bits]) => ({ address: ip, prefixLength: ip.includes(':') ? bits : bits % 33 }));
const stringMatch: fc.Arbitrary<StringMatch> = fc.oneof(
  fc.record({ kind: fc.constantFrom('exact' as const, 'prefix' as const, 'suffix' as const), value: text }),
  fc.constant<StringMatch>({ kind: 'presence' }),
);
const wildcard = fc.record<Wildcard>({ kind: fc.constant('wildcard'), value: text });
const template = fc.record<PathPattern>({ kind: fc.constant('template'), value: text }) as fc.Arbitrary<{
  kind: 'template';
  value: string;
}>;
const tokenPrincipal = fc.record({ issuer: stringMatch, subject: stringMatch });
const account = fc.record({ namespace: name, serviceAccount: name });

/** Both lists, not both of them empty. */
const lists = <T>(value: fc.Arbitrary<T>) =>
  fc
    .record({ values: some(value), notValues: some(value) })
    .filter(({ values, notValues }) => values.length + notValues.length > 0);

export const requestTests: fc.Arbitrary<RequestTest> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('principal' as const, 'method' as const, 'host' as const, 'sni' as const),
      lists(stringMatch),
    )
    .map(([subject, both]) => ({ subject, ...both })),
  fc
    .tuple(
      fc.constantFrom('namespace' as const, 'trust-domain' as const),
      lists(fc.oneof(stringMatch, wildcard)),
    )
    .map(([subject, both]) => ({ subject, ...both })),
  lists(account).map((both) => ({ subject: 'service-account' as const, ...both })),
  fc
    .tuple(
      fc.constantFrom('source-ip' as const, 'remote-ip' as const, 'destination-ip' as const),
      lists(cidr),
    )
    .map(([subject, both]) => ({ subject, ...both })),
  lists(port).map((both) => ({ subject: 'port' as const, ...both })),
  lists(fc.oneof(stringMatch, template)).map((both) => ({ subject: 'path' as const, ...both })),
  lists(tokenPrincipal).map((both) => ({ subject: 'request-principal' as const, ...both })),
  fc
    .tuple(fc.constantFrom('header' as const, 'header-element' as const), name, lists(stringMatch))
    .map(([subject, header, both]) => ({ subject, name: header, ...both })),
  fc
    .tuple(fc.array(word, { minLength: 1, maxLength: 3 }), lists(stringMatch))
    .map(([path, both]) => ({ subject: 'claim' as const, path, ...both })),
);

const action: fc.Arbitrary<RequestAction> = fc.oneof(
  fc.record({ kind: fc.constantFrom('allow' as const, 'deny' as const, 'audit' as const) }),
  fc.record({ kind: fc.constant('custom' as const), provider: word }),
);

export const requestPolicies: fc.Arbitrary<RequestPolicy> = fc
  .record({
    namespace: name,
    name,
    attachments: some(attachments),
    action,
    rules: some(
      fc.record({ from: some(some(requestTests)), to: some(some(requestTests)), when: some(requestTests) }),
    ),
    dryRun: flag,
    notUnderstood: fc.option(name, { nil: undefined }),
  })
  .map(({ notUnderstood, ...policy }) => ({
    ...policy,
    ...(notUnderstood === undefined ? {} : { notUnderstood }),
    key: policyKey(policy.namespace, policy.name),
  }));

const location: fc.Arbitrary<TokenLocation> = fc.oneof(
  fc.record({ kind: fc.constant('header' as const), name, prefix: text }),
  fc.record({ kind: fc.constantFrom('param' as const, 'cookie' as const), name: word }),
);
const jwtRule: fc.Arbitrary<JwtRule> = fc.record({
  issuer: word,
  audiences: some(text),
  keys: fc.oneof(
    fc.record({ kind: fc.constant('inline' as const), jwks: word }),
    fc.record({ kind: fc.constant('uri' as const), uri: word }),
    fc.constant({ kind: 'discovery' as const }),
  ),
  locations: fc.array(location, { minLength: 1, maxLength: 3 }),
  forwardOriginalToken: flag,
  outputPayloadToHeader: fc.oneof(fc.constant(''), name),
  outputClaimToHeaders: some(fc.record({ header: name, claim: word })),
  timeoutMs: fc.nat(60_000),
  spaceDelimitedClaims: some(text),
  required: flag,
});

export const requestAuthentications: fc.Arbitrary<RequestAuthentication> = fc
  .record({ namespace: name, name, attachments: some(attachments), rules: some(jwtRule) })
  .map((value) => ({ ...value, key: requestAuthenticationKey(value.namespace, value.name) }));

const headerPattern: fc.Arbitrary<HeaderPattern> = fc.record({
  kind: fc.constantFrom('exact' as const, 'prefix' as const, 'suffix' as const),
  value: text,
});

export const authorizers: fc.Arbitrary<Authorizer> = fc
  .record({
    namespace: name,
    name,
    service: keyed<ServiceKey>(),
    port,
    protocol: fc.oneof(
      fc.constant({ kind: 'grpc' as const }),
      fc.record({
        kind: fc.constant('http' as const),
        pathPrefix: text,
        includeHeaders: some(headerPattern),
        additionalHeaders: some(fc.record({ name, value: text })),
        toUpstreamOnAllow: some(headerPattern),
        toDownstreamOnAllow: some(headerPattern),
        toDownstreamOnDeny: some(headerPattern),
      }),
    ),
    timeoutMs: fc.nat(600_000),
    failOpen: flag,
    statusOnError: fc.integer({ min: 400, max: 599 }),
    requestBody: maybe(fc.record({ maxBytes: fc.nat(1 << 20), allowPartial: flag, asBytes: flag })),
  })
  .map((value) => ({ ...value, key: authorizerKey(value.namespace, value.name) }));

export const waypointSettings: fc.Arbitrary<WaypointSettings> = fc
  .record({
    namespace: name,
    name,
    pathNormalization: fc.constantFrom('none', 'base', 'merge-slashes', 'decode-and-merge-slashes'),
  })
  .map((value) => ({ ...value, key: waypointSettingsKey(value.namespace, value.name) }));
