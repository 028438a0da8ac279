const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const pod = (name: string, address: string, labels: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    labels: { app: name, ...labels },
    annotations: { 'ambient.istio.io/redirection': 'enabled' },
  },
  spec: { nodeName: 'node-1', serviceAccountName: name, containers: [] },
  status: { phase: 'Running', podIP: address, conditions: [{ type: 'Ready', status: 'True' }] },
});

/** What the streams were recorded with, and are replayed with: a bit of everything that proxies are told. */
export const MESH: Readonly<Record<string, unknown>> = {
  shop: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: ambient } },
  cart: pod('cart', '10.244.1.2'),
  till: pod('till', '10.244.1.3'),
  waypoint: pod('waypoint', '10.244.1.9', { 'gateway.networking.k8s.io/gateway-name': 'waypoint' }),
  gateway: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'waypoint', namespace: 'shop' },
    spec: {
      gatewayClassName: 'nodemesh-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  },
  'cart-service': {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'cart', namespace: 'shop', labels: { 'istio.io/use-waypoint': 'waypoint' } },
    spec: {
      clusterIP: '10.96.0.1',
      selector: { app: 'cart' },
      ports: [{ name: 'http', port: 80, targetPort: 8080 }],
    },
  },
  policy: {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'only-till', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'cart' } },
      rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/till'] } }] }],
    },
  },
  route: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'cart', namespace: 'shop' },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: 'cart' }],
      rules: [{ backendRefs: [{ name: 'cart', port: 80 }] }],
    },
  },
};

/** The two proxies that follow it, by their tokens' parts. */
export const PROXIES = {
  ztunnel: { node: 'node-1' },
  waypoint: {
    namespace: 'shop',
    account: 'waypoint',
    pod: 'waypoint',
    podUid: 'uid-waypoint',
    node: 'node-1',
  },
} as const;

export type ProxyKind = keyof typeof PROXIES;
export const PROXY_KINDS = ['ztunnel', 'waypoint'] as const;
