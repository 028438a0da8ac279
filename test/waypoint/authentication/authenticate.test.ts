import { readFileSync } from 'node:fs';
import { test } from 'tap';
import type { HttpRequest } from '../../../src/http/index.ts';
import type { JwtRule } from '../../../src/model/index.ts';
import { authenticate } from '../../../src/waypoint/authentication/authenticate.ts';
import { conformancePath, needsConformanceData } from '../../support/conformance.ts';
import { fieldsOf, makeRequest } from '../request-fixtures.ts';
import { createIssuer, forge, NOW_SECONDS, type TestIssuer } from './support/issuer.ts';
import { jwtRule, planOf } from './support/rules.ts';

const CLOCK = { now: () => NOW_SECONDS * 1_000 };
const issuer = await createIssuer();
const inline = (from: TestIssuer, over: Partial<JwtRule> = {}) =>
  jwtRule({ issuer: from.issuer, keys: { kind: 'inline', jwks: from.jwks }, ...over });
const bearer = (token: string, over: Partial<HttpRequest> = {}) =>
  makeRequest({ ...over, headers: { Authorization: `Bearer ${token}`, 'x-other': '1' } });
const check = (request: HttpRequest, ...rules: readonly JwtRule[]) =>
  authenticate(request, planOf(rules), CLOCK);

test('a good token is taken out of the request, and its claims are known', async (t) => {
  const token = await issuer.sign({ aud: ['a', 'b'], scope: 'read write', groups: ['x'] });
  const { request, tokens } = await check(bearer(token), inline(issuer));
  t.match(tokens, [
    {
      issuer: issuer.issuer,
      subject: 'alice',
      audiences: ['a', 'b'],
      claims: { scope: 'read write' },
      policyClaims: { scope: ['read', 'write'], groups: ['x'] },
    },
  ]);
  t.same(fieldsOf(request.headers), { 'x-other': '1' });
});

test('a request without a token goes on, and policies decide', async (t) => {
  const request = makeRequest({ headers: { authorization: 'Basic abc' } });
  t.same(await check(request, inline(issuer)), { request, tokens: [] });
});

test('tokens may stand where the rule says, and are taken away from there', async (t) => {
  const token = await issuer.sign();
  const rule = inline(issuer, {
    locations: [
      { kind: 'header', name: 'x-jwt', prefix: '' },
      { kind: 'header', name: 'x-auth', prefix: 'jwt=' },
      { kind: 'param', name: 'tok' },
      { kind: 'cookie', name: 'session' },
    ],
  });
  const places: readonly (readonly [HttpRequest, Partial<HttpRequest>, object])[] = [
    [makeRequest({ headers: { 'X-JWT': token } }), {}, {}],
    [makeRequest({ headers: { 'x-auth': `JWT=${token}` } }), {}, {}],
    [makeRequest({ target: `/a?x=1&tok=${token}&y=%20` }), { target: '/a?x=1&y=%20' }, {}],
    [makeRequest({ target: `/a?tok=${token}` }), { target: '/a' }, {}],
    [makeRequest({ headers: { cookie: `a=1; session="${token}"; b=2` } }), {}, { cookie: 'a=1; b=2' }],
    [makeRequest({ headers: { cookie: `session=${token}` } }), {}, {}],
  ];
  for (const [request, expected, headers] of places) {
    const result = await check(request, rule);
    t.equal(result.tokens.length, 1);
    t.match(result.request, expected);
    t.same(fieldsOf(result.request.headers), headers);
  }
  const elsewhere = await check(bearer('no token at all'), rule);
  t.equal(elsewhere.tokens.length, 0, 'the usual places are not looked at then');
});

test('by default tokens are looked for in Authorization and access_token, whatever the case of the scheme', async (t) => {
  const token = await issuer.sign();
  for (const request of [
    makeRequest({ headers: { authorization: `bearer  ${token}` } }),
    makeRequest({ target: `/?access_token=${token}` }),
  ])
    t.equal((await check(request, inline(issuer))).tokens.length, 1);
  await t.rejects(check(makeRequest({ headers: { authorization: 'BEARER x' } }), inline(issuer)), {
    code: 'ERR_WAYPOINT_TOKEN_INVALID',
  });
});

test('a token may be forwarded, and shown in headers that clients cannot write', async (t) => {
  const token = await issuer.sign({
    n: 7,
    realm: { roles: 'ä' },
    'a.b': 'dots',
    list: [1],
    lines: 'a\r\nx-evil: 1',
  });
  const rule = inline(issuer, {
    forwardOriginalToken: true,
    outputPayloadToHeader: 'x-payload',
    outputClaimToHeaders: [
      { header: 'x-n', claim: 'n' },
      { header: 'x-roles', claim: 'realm.roles' },
      { header: 'x-dots', claim: 'a.b' },
      { header: 'x-list', claim: 'list' },
      { header: 'x-lines', claim: 'lines' },
      { header: 'content-length', claim: 'n' },
    ],
  });
  const forgedHeaders = { 'X-Payload': 'forged', 'X-N': '8', 'x-list': 'forged', 'x-lines': 'forged' };
  const request = makeRequest({ headers: { authorization: `Bearer ${token}`, ...forgedHeaders } });
  const { request: result } = await check(request, rule);
  t.same(fieldsOf(result.headers), {
    authorization: `Bearer ${token}`,
    'x-payload': token.split('.')[1],
    'x-n': '7',
    'x-roles': Buffer.from('ä').toString('latin1'),
    'x-dots': 'dots',
  });
  const without = await check(makeRequest({ headers: forgedHeaders }), rule);
  t.same(fieldsOf(without.request.headers), {}, 'also where there is no token');
  const aliases = { X_Payload: 'forged', x_n: 'forged', X_Other: 'kept' };
  const asCgiReads = await check(makeRequest({ headers: aliases }), rule);
  t.same(fieldsOf(asCgiReads.request.headers), { X_Other: 'kept' }, 'nor by a name that CGI reads the same');
});

const other = await createIssuer(issuer.issuer, 'ES256', 'key-1');
const rsa = await createIssuer(issuer.issuer, 'RS256', 'rsa');
const now = NOW_SECONDS;
const good = { iss: issuer.issuer, sub: 'alice', exp: now + 600 };
const tampered = (token: string): string => {
  const [head = '', , signature = ''] = token.split('.');
  return `${head}.${Buffer.from(JSON.stringify({ ...good, sub: 'root' })).toString('base64url')}.${signature}`;
};
const BAD: readonly (readonly [string, () => Promise<string> | string, string, Partial<JwtRule>?])[] = [
  ['is no JWT', () => 'abc', 'malformed'],
  ['has no claims', () => 'a.b.c', 'malformed'],
  ['is of alg none', () => forge({ alg: 'none' }, good), 'algorithm'],
  ['is of alg None with a signature', () => forge({ alg: 'None' }, good, 'AAAA'), 'algorithm'],
  ['has no alg', () => forge({ kid: 'key-1' }, good, 'AAAA'), 'algorithm'],
  ['is encrypted', () => forge({ alg: 'RSA-OAEP', enc: 'A256GCM' }, good, 'AAAA'), 'algorithm'],
  ['is of another issuer', () => issuer.sign({ iss: 'https://evil.example' }), 'issuer'],
  ['has no issuer', () => issuer.sign({ iss: null }), 'malformed'],
  ['is for somebody else', () => issuer.sign({ aud: 'other' }), 'audience', { audiences: ['shop'] }],
  ['is for nobody', () => issuer.sign(), 'audience', { audiences: ['shop'] }],
  ['has expired', () => issuer.sign({ exp: now - 61 }), 'expired'],
  ['is not valid yet', () => issuer.sign({ nbf: now + 61 }), 'not_yet_valid'],
  ['has an expiry that is none', () => issuer.sign({ exp: 'never' }), 'malformed'],
  ['is signed by somebody else under the same name', () => other.sign(), 'signature'],
  ['was tampered with', async () => tampered(await issuer.sign()), 'signature'],
  ['has no signature', async () => (await issuer.sign()).replace(/[^.]*$/, ''), 'signature'],
  ['is signed with a key of another kind', () => rsa.sign({}, { kid: 'key-1' }), 'unknown_key'],
  ['names a key that is not there', () => issuer.sign({}, { kid: 'key-9' }), 'unknown_key'],
  [
    'wants an extension that is not known',
    () => forge({ alg: 'ES256', kid: 'key-1', crit: ['x'], x: 1 }, good, 'AAAA'),
    'malformed',
  ],
  ['is longer than any token', () => `${'a'.repeat(17_000)}.b.c`, 'malformed'],
];
for (const [what, make, reason, over] of BAD) {
  test(`a token that ${what} is refused`, async (t) => {
    await t.rejects(check(bearer(await make()), inline(issuer, over)), {
      code: 'ERR_WAYPOINT_TOKEN_INVALID',
      blame: 'downstream',
      reason: `token_${reason}`,
      answer: { headers: [['www-authenticate', /^Bearer error="invalid_token"/]] },
    });
  });
}

test('the log is told which authentication refused a token, whose it is, and whose it should be', async (t) => {
  const rule = inline(issuer, { audiences: ['shop', 'pay'] });
  const refusals: readonly (readonly [HttpRequest, string])[] = [
    [
      bearer(await issuer.sign({ iss: 'https://evil\n.example' })),
      'expected a good token of https://issuer.example (RequestAuthentication shop/a), got one of https://evil?.example that is not: no rule that looks where it stands is for its issuer',
    ],
    [
      bearer(await issuer.sign({ aud: 'other' })),
      'expected a good token of https://issuer.example (RequestAuthentication shop/a), got one of https://issuer.example that is not: it is meant for somebody else, and not for shop or pay',
    ],
    [
      bearer('x'),
      'expected a good token of https://issuer.example (RequestAuthentication shop/a), got one that is not: it is no JWT',
    ],
  ];
  for (const [request, message] of refusals)
    await t.rejects(check(request, rule), { message, policy: 'shop/a' });
  await t.rejects(check(makeRequest(), inline(issuer, { required: true })), {
    message: 'expected a token of https://issuer.example (RequestAuthentication shop/a), got none',
    policy: 'shop/a',
  });
});

test('a public key is no secret that anybody could sign with', async (t) => {
  const { SignJWT } = await import('jose');
  const secret = new TextEncoder().encode(rsa.jwks);
  const token = await new SignJWT(good).setProtectedHeader({ alg: 'HS256', kid: 'rsa' }).sign(secret);
  await t.rejects(check(bearer(token), inline(rsa)), {
    code: 'ERR_WAYPOINT_TOKEN_INVALID',
    reason: 'token_algorithm',
  });
  const symmetric = JSON.stringify({ keys: [{ kty: 'oct', k: Buffer.from(secret).toString('base64url') }] });
  const rule = inline(rsa, { keys: { kind: 'inline', jwks: symmetric } });
  await t.rejects(check(bearer(token), rule), {
    code: 'ERR_WAYPOINT_TOKEN_INVALID',
    reason: 'token_algorithm',
  });
});

test('times have a leeway of a minute', async (t) => {
  for (const claims of [{ exp: now - 59 }, { nbf: now + 59 }, { exp: null }])
    t.equal((await check(bearer(await issuer.sign(claims)), inline(issuer))).tokens.length, 1);
});

for (const alg of ['RS256', 'RS512', 'PS256', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']) {
  test(`tokens that are signed with ${alg} are verified`, async (t) => {
    const signer = await createIssuer('i', alg, undefined);
    t.equal((await check(bearer(await signer.sign()), inline(signer))).tokens.length, 1);
  });
}

test('of keys without names all are tried, and of names the one that fits', async (t) => {
  const unnamed = await createIssuer(issuer.issuer, 'ES256', undefined);
  const keys = [other.jwk, { ...unnamed.jwk, kid: undefined }, { ...issuer.jwk, kid: 'right' }];
  const rule = inline(issuer, { keys: { kind: 'inline', jwks: JSON.stringify({ keys }) } });
  t.equal((await check(bearer(await unnamed.sign()), rule)).tokens.length, 1);
  t.equal((await check(bearer(await issuer.sign({}, { kid: 'right' })), rule)).tokens.length, 1);
  t.equal((await check(bearer(await unnamed.sign({}, { kid: 'new' })), rule)).tokens.length, 1);
});

test('keys for other uses are no keys for signatures', async (t) => {
  const foreign = [
    { ...issuer.jwk, use: 'enc' },
    { ...issuer.jwk, key_ops: ['encrypt'] },
    { ...issuer.jwk, alg: 'ES384' },
    { ...issuer.jwk, kid: 7 },
    { kty: 'EC' },
    null,
    'x',
  ];
  for (const jwk of foreign) {
    const rule = inline(issuer, { keys: { kind: 'inline', jwks: JSON.stringify({ keys: [jwk] }) } });
    await t.rejects(check(bearer(await issuer.sign()), rule), { code: 'ERR_WAYPOINT_TOKEN_INVALID' });
  }
});

test('several issuers stand side by side, and every token that is there must be good', async (t) => {
  const second = await createIssuer('second');
  const rules = [
    inline(issuer),
    inline(second, { locations: [{ kind: 'header', name: 'x-scope', prefix: '' }] }),
  ];
  const both = makeRequest({
    headers: { authorization: `Bearer ${await issuer.sign()}`, 'x-scope': await second.sign() },
  });
  t.same(
    (await check(both, ...rules)).tokens.map((token) => token.issuer),
    [issuer.issuer, 'second'],
  );
  const misplaced = makeRequest({ headers: { 'x-scope': await issuer.sign() } });
  await t.rejects(
    check(misplaced, ...rules),
    { code: 'ERR_WAYPOINT_TOKEN_INVALID', reason: 'token_issuer' },
    'a place is for its own issuers',
  );
  const oneBad = makeRequest({
    headers: { authorization: `Bearer ${await issuer.sign()}`, 'x-scope': 'x.y.z' },
  });
  await t.rejects(check(oneBad, ...rules), { code: 'ERR_WAYPOINT_TOKEN_INVALID' });
});

test('two rules for one issuer are two chances', async (t) => {
  const rules = [inline(issuer, { audiences: ['a'] }), inline(issuer, { audiences: ['b'] })];
  t.equal((await check(bearer(await issuer.sign({ aud: 'b' })), ...rules)).tokens.length, 1);
  await t.rejects(check(bearer(await issuer.sign({ aud: 'c' })), ...rules), {
    code: 'ERR_WAYPOINT_TOKEN_INVALID',
    reason: 'token_audience',
  });
});

test('a token that is required must be there', async (t) => {
  const second = await createIssuer('second');
  const rules = [inline(issuer, { required: true }), inline(second, { required: true })];
  const missing = {
    code: 'ERR_WAYPOINT_TOKEN_MISSING',
    answer: { headers: [['www-authenticate', 'Bearer']] },
  };
  await t.rejects(check(makeRequest(), ...rules), missing);
  await t.rejects(check(bearer(await issuer.sign()), ...rules), missing, 'one of two');
  const both = bearer(await issuer.sign(), { target: `/?access_token=${await second.sign()}` });
  t.equal((await check(both, ...rules)).tokens.length, 2);
  const twice = [inline(issuer, { required: true }), inline(issuer, { required: true })];
  t.equal((await check(bearer(await issuer.sign()), ...twice)).tokens.length, 1, 'one is good for both');
});

test('more tokens than anybody needs are not even looked at', async (t) => {
  const request = makeRequest({ target: `/?${'access_token=a.b.c&'.repeat(9)}` });
  await t.rejects(check(request, inline(issuer)), {
    code: 'ERR_WAYPOINT_TOKEN_INVALID',
    reason: 'token_too_many',
  });
});

test('a client is told of an expiry and of nothing else', async (t) => {
  const challengeOf = async (token: string, rule: JwtRule): Promise<unknown> =>
    check(bearer(token), rule).catch((error: { answer?: { headers?: unknown } }) => error.answer?.headers);
  t.same(await challengeOf(await issuer.sign({ exp: now - 100 }), inline(issuer)), [
    ['www-authenticate', 'Bearer error="invalid_token", error_description="the token has expired"'],
  ]);
  t.same(await challengeOf(await issuer.sign({ aud: 'x' }), inline(issuer, { audiences: ['secret'] })), [
    ['www-authenticate', 'Bearer error="invalid_token"'],
  ]);
});

test('claims with spaces are lists where they are said to be, also within others', async (t) => {
  const token = await issuer.sign({
    permission: 'a b',
    roles: 'x y',
    realm: { access: 'p  q' },
    name: 'A B',
    'dot.ted': 'm n',
  });
  const rule = inline(issuer, { spaceDelimitedClaims: ['roles', 'realm.access', 'dot.ted', 'missing'] });
  const { tokens } = await check(bearer(token), rule);
  t.match(tokens[0]?.policyClaims, {
    permission: ['a', 'b'],
    roles: ['x', 'y'],
    realm: { access: ['p', 'q'] },
    name: 'A B',
    'dot.ted': ['m', 'n'],
  });
  t.match(tokens[0]?.claims, { roles: 'x y', realm: { access: 'p  q' } });
});

test("Istio's sample tokens are good by Istio's sample keys", needsConformanceData(), async (t) => {
  const read = (name: string) => readFileSync(conformancePath('istio', 'jwt', name), 'utf8').trim();
  const rule = jwtRule({
    issuer: 'testing@secure.istio.io',
    keys: { kind: 'inline', jwks: read('jwks.json') },
  });
  const demo = await check(bearer(read('demo.jwt')), rule);
  t.match(demo.tokens, [{ subject: 'testing@secure.istio.io', claims: { foo: 'bar' } }]);
  const groups = await check(bearer(read('groups-scope.jwt')), rule);
  t.match(groups.tokens, [{ policyClaims: { groups: ['group1', 'group2'], scope: ['scope1', 'scope2'] } }]);
  await t.rejects(check(bearer(tampered(read('demo.jwt'))), { ...rule, issuer: issuer.issuer }), {
    code: 'ERR_WAYPOINT_TOKEN_INVALID',
    reason: 'token_signature',
  });
});
