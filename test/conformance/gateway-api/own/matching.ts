import { answers, get, MESH_BACKEND, type OwnTest, ownTest, reaches, route } from './own-test.ts';

const MESH = 'gateway-conformance-mesh';
const [V1, V2] = [MESH_BACKEND(1), MESH_BACKEND(2)];

export const MATCHING_TESTS: readonly OwnTest[] = [
  ownTest({
    name: 'OwnQueryParamMatching',
    features: ['Mesh', 'HTTPRoute', 'MeshHTTPRouteQueryParamMatching', 'HTTPRouteQueryParamMatching'],
    namespace: MESH,
    objects: [
      route(MESH, 'echo', [
        { matches: [{ queryParams: [{ name: 'animal', value: 'whale' }] }], backendRefs: [V1] },
        { matches: [{ queryParams: [{ name: 'animal', value: 'dolphin' }] }], backendRefs: [V2] },
        {
          matches: [
            {
              queryParams: [
                { name: 'animal', value: 'dolphin' },
                { name: 'color', value: 'blue' },
              ],
            },
            { queryParams: [{ name: 'ANIMAL', value: 'Whale' }] },
          ],
          backendRefs: [V1],
        },
        {
          matches: [
            {
              path: { type: 'PathPrefix', value: '/path' },
              queryParams: [{ name: 'animal', value: 'shark' }],
            },
          ],
          backendRefs: [V2],
        },
        {
          matches: [{ queryParams: [{ type: 'RegularExpression', name: 'id', value: '[0-9]+' }] }],
          backendRefs: [V2],
        },
      ]),
    ],
    cases: [
      { request: get('/?animal=whale'), expect: reaches('echo-v1', { path: '/?animal=whale' }) },
      { request: get('/?animal=dolphin'), expect: reaches('echo-v2') },
      { request: get('/?x=1&animal=dolphin&color=blue'), expect: reaches('echo-v1') },
      { request: get('/?animal=dolphin&color=red'), expect: reaches('echo-v2') },
      { request: get('/?ANIMAL=Whale'), expect: reaches('echo-v1') },
      { request: get('/?animal=Whale'), expect: answers(404) },
      { request: get('/?animal='), expect: answers(404) },
      { request: get('/?animals=whale'), expect: answers(404) },
      { request: get('/path/x?animal=shark'), expect: reaches('echo-v2') },
      { request: get('/?animal=shark'), expect: answers(404) },
      { request: get('/?animal=wh%61le'), expect: reaches('echo-v1') },
      { request: get('/?id=42'), expect: reaches('echo-v2') },
      { request: get('/?id=42x'), expect: answers(404) },
    ],
  }),
  ownTest({
    name: 'OwnMethodAndHeaderMatching',
    features: ['Mesh', 'HTTPRoute', 'HTTPRouteMethodMatching'],
    namespace: MESH,
    objects: [
      route(MESH, 'echo', [
        { matches: [{ method: 'PUT' }], backendRefs: [V1] },
        { matches: [{ headers: [{ name: 'Version', value: 'two' }] }], backendRefs: [V2] },
        {
          matches: [{ headers: [{ type: 'RegularExpression', name: 'user', value: '(bob|eve).*' }] }],
          backendRefs: [V1],
        },
      ]),
    ],
    cases: [
      { request: get('/', { method: 'PUT' }), expect: reaches('echo-v1', { method: 'PUT' }) },
      { request: get('/', { method: 'PUT', headers: { version: 'two' } }), expect: reaches('echo-v1') },
      { request: get('/', { headers: { VERSION: 'two' } }), expect: reaches('echo-v2') },
      { request: get('/', { headers: { version: 'Two' } }), expect: answers(404) },
      { request: get('/', { headers: { User: 'bobby' } }), expect: reaches('echo-v1') },
      { request: get('/', { headers: { User: 'abob' } }), expect: answers(404) },
      { request: get('/'), expect: answers(404) },
    ],
  }),
  ownTest({
    name: 'OwnPathPrecedence',
    features: ['Mesh', 'HTTPRoute'],
    namespace: MESH,
    objects: [
      route(MESH, 'echo', [
        { matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: [V1] },
        { matches: [{ path: { type: 'PathPrefix', value: '/long/er' } }], backendRefs: [V2] },
        { matches: [{ path: { type: 'PathPrefix', value: '/long' } }], backendRefs: [V1] },
        { matches: [{ path: { type: 'Exact', value: '/long/er/exact' } }], backendRefs: [V1] },
        { matches: [{ path: { type: 'PathPrefix', value: '/slash/' } }], backendRefs: [V2] },
      ]),
    ],
    cases: [
      { request: get('/'), expect: reaches('echo-v1') },
      { request: get('/long/er'), expect: reaches('echo-v2') },
      { request: get('/long/er/and/longer'), expect: reaches('echo-v2') },
      { request: get('/long/err'), expect: reaches('echo-v1') },
      { request: get('/long/er/exact'), expect: reaches('echo-v1') },
      { request: get('/long/er/exact/'), expect: reaches('echo-v2') },
      { request: get('/slash'), expect: reaches('echo-v2') },
      { request: get('/slash/x'), expect: reaches('echo-v2') },
      { request: get('/slashed'), expect: reaches('echo-v1') },
      { request: get('/LONG/er'), expect: reaches('echo-v1') },
    ],
  }),
  ownTest({
    name: 'OwnMatchingAcrossRoutes',
    features: ['Mesh', 'HTTPRoute'],
    namespace: MESH,
    objects: [
      route(
        MESH,
        'echo',
        [
          {
            matches: [
              { path: { type: 'PathPrefix', value: '/' } },
              { headers: [{ name: 'version', value: 'one' }] },
            ],
            backendRefs: [V1],
          },
        ],
        { name: 'own-part-1' },
      ),
      route(
        MESH,
        'echo',
        [
          {
            matches: [
              { path: { type: 'PathPrefix', value: '/v2' } },
              { headers: [{ name: 'version', value: 'two' }] },
            ],
            backendRefs: [V2],
          },
        ],
        { name: 'own-part-2' },
      ),
    ],
    cases: [
      { request: get('/'), expect: reaches('echo-v1') },
      { request: get('/v2/x'), expect: reaches('echo-v2') },
      { request: get('/v2', { headers: { version: 'one' } }), expect: reaches('echo-v2') },
      { request: get('/', { headers: { version: 'two' } }), expect: reaches('echo-v2') },
    ],
  }),
  ownTest({
    name: 'OwnNamedRule',
    features: ['Mesh', 'HTTPRoute', 'MeshHTTPRouteNamedRouteRule', 'HTTPRouteNamedRouteRule'],
    namespace: MESH,
    objects: [
      route(MESH, 'echo', [
        { name: 'named', matches: [{ path: { type: 'PathPrefix', value: '/named' } }], backendRefs: [V1] },
        { matches: [{ path: { type: 'PathPrefix', value: '/unnamed' } }], backendRefs: [V2] },
      ]),
    ],
    cases: [
      { request: get('/named'), expect: reaches('echo-v1') },
      { request: get('/unnamed'), expect: reaches('echo-v2') },
    ],
  }),
  ownTest({
    name: 'OwnClusterIPMatching',
    features: ['Mesh', 'HTTPRoute', 'MeshClusterIPMatching'],
    namespace: MESH,
    objects: [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'own-twin', namespace: MESH },
        spec: {
          selector: { app: 'echo', version: 'v1' },
          ports: [{ name: 'http', port: 80, targetPort: 8080, appProtocol: 'http' }],
        },
      },
      route(MESH, 'own-twin', [
        {
          filters: [
            {
              type: 'ResponseHeaderModifier',
              responseHeaderModifier: { set: [{ name: 'x-twin', value: 'yes' }] },
            },
          ],
          backendRefs: [{ name: 'own-twin', port: 80 }],
        },
      ]),
    ],
    cases: [
      {
        request: get('/', { host: 'own-twin' }),
        expect: reaches('echo-v1', {}, { responseHeaders: { 'X-Twin': 'yes' } }),
      },
      {
        request: get('/', { host: 'echo-v1' }),
        expect: reaches('echo-v1', {}, { responseAbsentHeaders: ['X-Twin'] }),
      },
      // The Host header decides nothing: what is dialled does.
      {
        request: get('/', { host: 'echo-v1', headers: { Host: 'own-twin' } }),
        expect: reaches('echo-v1', {}, { responseAbsentHeaders: ['X-Twin'] }),
      },
    ],
  }),
];
