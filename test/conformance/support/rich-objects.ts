import type { Values } from './crd-oracle.ts';

// Valid objects with nearly every member of their kinds.

export const modifier = {
  set: [{ name: 'a', value: 'b' }],
  add: [{ name: 'c', value: 'd e' }],
  remove: ['x'],
};
export const backend = { name: 'cart', port: 80 };
export const auth = {
  protocol: 'GRPC',
  backendRef: backend,
  grpc: { allowedHeaders: ['x'] },
  forwardBody: { maxSize: 1 },
};
const session = {
  type: 'Cookie',
  sessionName: 's',
  absoluteTimeout: '1h',
  cookieConfig: { lifetimeType: 'Permanent' },
};
const parentRefs = [
  { group: '', kind: 'Service', name: 'cart', port: 80 },
  { group: '', kind: 'Service', name: 'cart', port: 81 },
  { name: 'gateway', namespace: 'infra', sectionName: 'a' },
  { name: 'gateway', namespace: 'infra', sectionName: 'b' },
];
export const cors = {
  type: 'CORS',
  cors: {
    allowOrigins: ['https://a.b', 'http://*.c:80'],
    allowMethods: ['GET', 'PUT'],
    allowHeaders: ['a', 'b'],
    exposeHeaders: ['c'],
    allowCredentials: true,
    maxAge: 10,
  },
};
export const mirror = {
  type: 'RequestMirror',
  requestMirror: { backendRef: backend, fraction: { numerator: 1, denominator: 10 } },
};
export const extension = {
  type: 'ExtensionRef',
  extensionRef: { group: 'nodemesh.io', kind: 'RateLimit', name: 'x' },
};
export const headers = [
  { type: 'RequestHeaderModifier', requestHeaderModifier: modifier },
  { type: 'ResponseHeaderModifier', responseHeaderModifier: modifier },
];
export const rewrite = {
  type: 'URLRewrite',
  urlRewrite: { hostname: 'a.b', path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/n' } },
};
export const redirect = {
  type: 'RequestRedirect',
  requestRedirect: {
    scheme: 'https',
    path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/n' },
    statusCode: 308,
  },
};
export const prefix = { path: { type: 'PathPrefix', value: '/old' } };
const meta = (kind: string, version = 'v1') => ({
  apiVersion: `gateway.networking.k8s.io/${version}`,
  kind,
  metadata: { name: 'rich', namespace: 'shop' },
});

export const RICH_OBJECTS: Readonly<Record<string, Values>> = {
  HTTPRoute: {
    ...meta('HTTPRoute'),
    spec: {
      parentRefs,
      hostnames: ['a.b', '*.c.d'],
      rules: [
        {
          name: 'one',
          matches: [prefix],
          filters: [
            ...headers,
            rewrite,
            cors,
            mirror,
            extension,
            { type: 'ExternalAuth', externalAuth: auth },
          ],
          backendRefs: [
            { ...backend, filters: [...headers, rewrite] },
            { ...backend, weight: 3, filters: [mirror] },
          ],
          timeouts: { request: '10s', backendRequest: '1s' },
          retry: { attempts: 2, codes: [500, 503], backoff: '10ms' },
          sessionPersistence: session,
        },
        { name: 'two', matches: [prefix], filters: [redirect] },
        {
          matches: [
            {
              path: { type: 'RegularExpression', value: '/x.*' },
              method: 'GET',
              headers: [{ name: 'a', value: 'b' }],
              queryParams: [{ type: 'RegularExpression', name: 'q', value: '.*' }],
            },
            { path: { type: 'Exact', value: '/exact' } },
          ],
        },
        { matches: [prefix], backendRefs: [{ ...backend, filters: [redirect] }] },
      ],
    },
  },
  GRPCRoute: {
    ...meta('GRPCRoute'),
    spec: {
      parentRefs,
      rules: [
        {
          name: 'one',
          matches: [
            { method: { service: 'a.B', method: 'C' }, headers: [{ name: 'a', value: 'b' }] },
            { method: { type: 'RegularExpression', service: 'a.*' } },
          ],
          filters: [...headers, mirror, extension],
          backendRefs: [{ ...backend, filters: [...headers, mirror] }],
          sessionPersistence: session,
        },
        { name: 'two' },
      ],
    },
  },
  TCPRoute: { ...meta('TCPRoute'), spec: { parentRefs, rules: [{ name: 'one', backendRefs: [backend] }] } },
  TLSRoute: {
    ...meta('TLSRoute'),
    spec: { parentRefs, hostnames: ['a.b', '*.c.d'], rules: [{ name: 'one', backendRefs: [backend] }] },
  },
  Gateway: {
    ...meta('Gateway'),
    spec: {
      gatewayClassName: 'istio-waypoint',
      addresses: [
        { value: '10.0.0.1' },
        { type: 'Hostname', value: 'a.b' },
        { type: 'Hostname', value: 'c.d' },
        { type: 'IPAddress', value: '::1' },
        { type: 'example.com/x', value: 'x' },
      ],
      infrastructure: { labels: { 'a.b/c': 'd' }, annotations: { 'a.b/c': 'd' } },
      allowedListeners: { namespaces: { from: 'Selector', selector: { matchLabels: { a: 'b' } } } },
      tls: {
        backend: { clientCertificateRef: { name: 'c' } },
        frontend: {
          default: { validation: { caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'ca' }] } },
          perPort: [
            { port: 443, tls: {} },
            { port: 8443, tls: {} },
          ],
        },
      },
      listeners: [
        { name: 'mesh', port: 15008, protocol: 'HBONE', allowedRoutes: { namespaces: { from: 'All' } } },
        {
          name: 'http',
          port: 80,
          protocol: 'HTTP',
          hostname: 'a.b',
          allowedRoutes: { kinds: [{ kind: 'HTTPRoute' }] },
        },
        { name: 'https', port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'c' }] } },
        { name: 'tls', port: 444, protocol: 'TLS', tls: { mode: 'Passthrough' } },
        { name: 'tcp', port: 445, protocol: 'TCP' },
      ],
    },
  },
};
