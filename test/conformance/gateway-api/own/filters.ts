import { answers, get, MESH_BACKEND, type OwnTest, ownTest, reaches, route } from './own-test.ts';

const MESH = 'gateway-conformance-mesh';
const INFRA = 'gateway-conformance-infra';
const [V1, V2] = [MESH_BACKEND(1), MESH_BACKEND(2)];
const INFRA_V1 = { name: 'infra-backend-v1', port: 8080 };

/** A rule for what begins with a path. */
const under = (value: string, rule: object): object => ({
  matches: [{ path: { type: 'PathPrefix', value } }],
  backendRefs: [V1],
  ...rule,
});
const rewrite = (urlRewrite: object): object => ({ filters: [{ type: 'URLRewrite', urlRewrite }] });
const redirect = (requestRedirect: object): object => ({
  backendRefs: undefined,
  filters: [{ type: 'RequestRedirect', requestRedirect }],
});
const prefix = (value: string): object => ({
  path: { type: 'ReplacePrefixMatch', replacePrefixMatch: value },
});
const full = (value: string): object => ({ path: { type: 'ReplaceFullPath', replaceFullPath: value } });

export const FILTER_TESTS: readonly OwnTest[] = [
  ownTest({
    name: 'OwnURLRewrite',
    features: [
      'Mesh',
      'HTTPRoute',
      'MeshHTTPRouteRewritePath',
      'HTTPRoutePathRewrite',
      'HTTPRouteHostRewrite',
    ],
    namespace: MESH,
    objects: [
      route(MESH, 'echo', [
        under('/prefix/one', rewrite(prefix('/one'))),
        under('/strip', rewrite(prefix('/'))),
        under('/full', rewrite(full('/whole'))),
        under('/host', rewrite({ hostname: 'one.example.org' })),
        under('/both', rewrite({ hostname: 'two.example.org', ...prefix('/other') })),
        under('/headers', {
          filters: [
            {
              type: 'RequestHeaderModifier',
              requestHeaderModifier: { set: [{ name: 'x-set', value: 'set' }] },
            },
            { type: 'URLRewrite', urlRewrite: prefix('/rewritten') },
          ],
        }),
      ]),
    ],
    cases: [
      { request: get('/prefix/one/two?q=1'), expect: reaches('echo-v1', { path: '/one/two?q=1' }) },
      { request: get('/prefix/one'), expect: reaches('echo-v1', { path: '/one' }) },
      { request: get('/prefix/one/'), expect: reaches('echo-v1', { path: '/one/' }) },
      { request: get('/strip/one'), expect: reaches('echo-v1', { path: '/one' }) },
      { request: get('/strip'), expect: reaches('echo-v1', { path: '/' }) },
      { request: get('/strip?q=1'), expect: reaches('echo-v1', { path: '/?q=1' }) },
      { request: get('/full/two/three?q=1'), expect: reaches('echo-v1', { path: '/whole?q=1' }) },
      { request: get('/host/x'), expect: reaches('echo-v1', { path: '/host/x', host: 'one.example.org' }) },
      { request: get('/both/x'), expect: reaches('echo-v1', { path: '/other/x', host: 'two.example.org' }) },
      {
        request: get('/headers/x'),
        expect: reaches('echo-v1', { path: '/rewritten/x', headers: { 'x-set': 'set' } }),
      },
    ],
  }),
  ownTest({
    name: 'OwnRedirects',
    features: [
      'Mesh',
      'HTTPRoute',
      'MeshHTTPRouteRedirectPath',
      'HTTPRoute303RedirectStatusCode',
      'HTTPRoute307RedirectStatusCode',
      'HTTPRoute308RedirectStatusCode',
    ],
    namespace: MESH,
    objects: [
      route(MESH, 'echo', [
        ...[303, 307, 308].map((statusCode) =>
          under(`/${statusCode}`, redirect({ hostname: 'example.org', statusCode })),
        ),
        under('/all', redirect({ scheme: 'https', hostname: 'example.org', port: 8443, ...prefix('/new') })),
        under('/port', redirect({ port: 80 })),
        under('/secure', redirect({ scheme: 'https', port: 443 })),
        under('/empty', redirect(prefix(''))),
      ]),
    ],
    cases: [
      ...[303, 307, 308].map((status) => ({
        request: get(`/${status}/x?q=1`, { method: 'POST', unfollowRedirect: true }),
        expect: answers(status, { redirect: { Host: 'example.org' } }),
      })),
      {
        request: get('/all/x', { unfollowRedirect: true }),
        expect: answers(302, {
          redirect: { Scheme: 'https', Host: 'example.org', Port: '8443', Path: '/new/x' },
        }),
      },
      {
        request: get('/port', { unfollowRedirect: true }),
        expect: answers(302, { redirect: { Host: 'echo' } }),
      },
      {
        request: get('/secure', { unfollowRedirect: true }),
        expect: answers(302, { redirect: { Scheme: 'https', Host: 'echo' } }),
      },
      {
        request: get('/empty/x', { unfollowRedirect: true }),
        expect: answers(302, { redirect: { Path: '/x' } }),
      },
    ],
  }),
  ownTest({
    name: 'OwnResponseHeaderModifier',
    features: [
      'Mesh',
      'HTTPRoute',
      'HTTPRouteResponseHeaderModification',
      'HTTPRouteBackendRequestHeaderModification',
    ],
    namespace: INFRA,
    objects: [
      route(INFRA, 'infra-backend-v1', [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/rule' } }],
          filters: [
            {
              type: 'ResponseHeaderModifier',
              responseHeaderModifier: {
                set: [{ name: 'X-Set', value: 'set' }],
                add: [{ name: 'X-Add', value: 'added' }],
                remove: ['X-Remove'],
              },
            },
          ],
          backendRefs: [INFRA_V1],
        },
        {
          matches: [{ path: { type: 'PathPrefix', value: '/backend' } }],
          backendRefs: [
            {
              ...INFRA_V1,
              filters: [
                {
                  type: 'ResponseHeaderModifier',
                  responseHeaderModifier: { set: [{ name: 'X-Set', value: 'here' }] },
                },
                {
                  type: 'RequestHeaderModifier',
                  requestHeaderModifier: { add: [{ name: 'X-Asked', value: 'there' }] },
                },
              ],
            },
          ],
        },
      ]),
    ],
    cases: [
      {
        request: get('/rule', {
          host: 'infra-backend-v1:8080',
          headers: { 'X-Echo-Set-Header': 'X-Set:before,x-add:first,X-REMOVE:gone,X-Stay:stays' },
        }),
        expect: reaches(
          'infra-backend-v1',
          {},
          {
            responseHeaders: { 'X-Set': 'set', 'X-Add': 'first,added', 'X-Stay': 'stays' },
            responseAbsentHeaders: ['X-Remove'],
          },
        ),
      },
      {
        request: get('/backend', { host: 'infra-backend-v1:8080' }),
        expect: reaches(
          'infra-backend-v1',
          { headers: { 'x-asked': 'there' } },
          { responseHeaders: { 'X-Set': 'here' } },
        ),
      },
    ],
  }),
  ownTest({
    name: 'OwnCORS',
    features: ['Mesh', 'HTTPRoute', 'HTTPRouteCORS'],
    namespace: MESH,
    objects: [
      route(MESH, 'echo', [
        under('/strict', {
          filters: [
            {
              type: 'CORS',
              cors: {
                allowOrigins: ['https://www.foo.example', 'https://*.bar.example'],
                allowCredentials: true,
                allowMethods: ['GET', 'PUT'],
                allowHeaders: ['x-one', 'x-two'],
                exposeHeaders: ['x-three'],
                maxAge: 1728,
              },
            },
          ],
          backendRefs: [V2],
        }),
        under('/open', {
          filters: [
            { type: 'CORS', cors: { allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: ['*'] } },
          ],
        }),
      ]),
    ],
    cases: [
      {
        name: 'a preflight of an allowed origin is answered',
        request: get('/strict', {
          method: 'OPTIONS',
          headers: {
            Origin: 'https://www.foo.example',
            'Access-Control-Request-Method': 'PUT',
            'Access-Control-Request-Headers': 'x-one, x-two',
          },
        }),
        expect: {
          status: [200, 204],
          responseHeaders: {
            'Access-Control-Allow-Origin': 'https://www.foo.example',
            'Access-Control-Allow-Methods': 'GET, PUT',
            'Access-Control-Allow-Headers': 'x-one, x-two',
            'Access-Control-Allow-Credentials': 'true',
            'Access-Control-Max-Age': '1728',
          },
          ignoreWhitespace: true,
        },
      },
      {
        name: 'a subdomain is allowed',
        request: get('/strict', { headers: { Origin: 'https://a.b.bar.example' } }),
        expect: reaches(
          'echo-v2',
          {},
          {
            responseHeaders: {
              'Access-Control-Allow-Origin': 'https://a.b.bar.example',
              'Access-Control-Allow-Credentials': 'true',
              'Access-Control-Expose-Headers': 'x-three',
            },
          },
        ),
      },
      {
        name: 'another origin gets no leave',
        request: get('/strict', {
          method: 'OPTIONS',
          headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'PUT' },
        }),
        expect: { status: [200, 204, 403], responseAbsentHeaders: ['Access-Control-Allow-Origin'] },
      },
      {
        name: 'the domain itself is not its subdomain',
        request: get('/strict', { headers: { Origin: 'https://bar.example' } }),
        expect: { status: [200, 403], responseAbsentHeaders: ['Access-Control-Allow-Origin'] },
      },
      {
        name: 'any origin',
        request: get('/open', { headers: { Origin: 'https://anything.example' } }),
        expect: reaches('echo-v1', {}, { responseHeaders: { 'Access-Control-Allow-Origin': '*' } }),
      },
    ],
  }),
];
