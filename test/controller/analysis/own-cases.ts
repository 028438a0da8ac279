import { CART, policy, route, service, SHOP, THROUGH_WAYPOINT, waypoint, yaml } from './support.ts';

/** For each code of ours: objects of which it is said, and the same put right, of which it is not. */
export interface OwnCase {
  readonly wrong: string;
  readonly right: string;
  /** The objects are all that there are. */
  readonly complete?: boolean;
  /** Another mesh is beside this one. */
  readonly sideBySide?: boolean;
}

const TARGET = 'targetRefs: [{kind: Service, name: cart}]';
const BOUND = service({ labels: THROUGH_WAYPOINT });
const TO_CART = 'parentRefs: [{group: "", kind: Service, name: cart}]';
const networkPolicy = (spec: string): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: limits, namespace: shop}
spec: ${spec}`;
const pod = (labels: string, spec = '{containers: [{name: one}]}', metadata = ''): string => `
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: shop, labels: {${labels}}${metadata}}
spec: ${spec}`;
const namespace = (name: string, labels: string): string => `
apiVersion: v1
kind: Namespace
metadata: {name: ${name}, labels: {${labels}}}`;
/** A workload of this mesh, where Istio has the namespace shop. */
const TILL_OF_OURS = [
  namespace('till', 'nodemesh.io/dataplane-mode: ambient'),
  CART.replaceAll('shop', 'till'),
] as const;
const discovery = (selectors: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'discoverySelectors: [${selectors}]'}`;
const jwt = `{${TARGET}, jwtRules: [{issuer: "https://issuer.example", jwks: '{"keys":[]}'}]}`;

export const OWN_CASES: Readonly<Record<string, OwnCase>> = {
  NM0001: { wrong: 'kind: Pod\n  oh: [no', right: SHOP },
  NM0002: { wrong: 'replicas: 3', right: SHOP },
  NM0003: { wrong: yaml(SHOP, SHOP), right: SHOP },
  NM0010: {
    wrong: yaml(SHOP, CART, policy('{rules: [{to: [{operation: {methods: [GET]}}]}]}')),
    right: yaml(
      SHOP,
      CART,
      BOUND,
      waypoint(),
      policy(`{${TARGET}, rules: [{to: [{operation: {methods: [GET]}}]}]}`),
    ),
  },
  NM0011: {
    wrong: yaml(
      SHOP,
      CART,
      policy('{selector: {matchLabels: {app: cart}}}', { kind: 'RequestAuthentication' }),
    ),
    right: yaml(SHOP, CART, BOUND, waypoint(), policy(jwt, { kind: 'RequestAuthentication' })),
  },
  NM0013: {
    wrong: yaml(SHOP, CART, service(), policy(`{${TARGET}, rules: [{}]}`)),
    right: yaml(SHOP, CART, BOUND, waypoint(), policy(`{${TARGET}, rules: [{}]}`)),
  },
  NM0014: {
    wrong: yaml(
      SHOP,
      CART,
      policy('{rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/card]}}]}]}'),
    ),
    right: yaml(
      SHOP,
      CART,
      policy('{rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/cart]}}]}]}'),
    ),
  },
  NM0015: {
    wrong: yaml(
      SHOP,
      CART,
      policy('{rules: [{from: [{source: {principals: [elsewhere/ns/shop/sa/cart]}}]}]}'),
    ),
    right: yaml(
      SHOP,
      CART,
      policy('{rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/cart]}}]}]}'),
    ),
  },
  NM0016: {
    wrong: yaml(namespace('shop', ''), CART, policy('{rules: [{}]}')),
    right: yaml(SHOP, CART, policy('{rules: [{}]}')),
  },
  NM0017: {
    wrong: yaml(SHOP, CART, policy('{action: DENY}')),
    right: yaml(SHOP, CART, policy('{action: DENY, rules: [{}]}')),
  },
  NM0018: { wrong: yaml(SHOP, CART, policy('{}')), right: yaml(SHOP, CART, policy('{rules: [{}]}')) },
  NM0019: {
    wrong: yaml(SHOP, CART, BOUND, waypoint(), policy(jwt, { kind: 'RequestAuthentication' })),
    right: yaml(
      ...[SHOP, CART, BOUND, waypoint(), policy(jwt, { kind: 'RequestAuthentication' })],
      policy(`{${TARGET}, rules: [{from: [{source: {requestPrincipals: ["*"]}}]}]}`),
    ),
  },
  NM0020: {
    wrong: yaml(
      SHOP,
      CART,
      policy('{rules: [{}]}', { metadata: ', annotations: {istio.io/dry-run: "true"}' }),
    ),
    right: yaml(
      SHOP,
      CART,
      policy('{rules: [{}]}', { metadata: ', annotations: {istio.io/dry-run: "false"}' }),
    ),
  },
  NM0021: {
    wrong: yaml(
      ...[SHOP, CART, namespace('other', ''), pod('').replace('namespace: shop', 'namespace: other')],
      policy('{mtls: {mode: STRICT}}', { kind: 'PeerAuthentication' }),
    ),
    right: yaml(SHOP, CART, policy('{mtls: {mode: STRICT}}', { kind: 'PeerAuthentication' })),
  },
  NM0022: {
    wrong: yaml(
      ...[SHOP, CART, BOUND, waypoint()],
      policy(
        '{selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/cart]}}]}]}',
      ),
    ),
    right: yaml(
      ...[SHOP, CART, BOUND, waypoint()],
      policy(
        '{selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/waypoint]}}]}]}',
      ),
    ),
  },
  NM0023: {
    wrong: yaml(SHOP, CART, policy('{rules: [{from: [{source: {ipBlocks: [10.0.0.0/99]}}]}]}')),
    right: yaml(SHOP, CART, policy('{rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]}')),
  },
  NM0030: { wrong: yaml(SHOP, CART, BOUND), right: yaml(SHOP, CART, BOUND, waypoint()) },
  NM0031: {
    wrong: yaml(
      ...[SHOP, CART, waypoint('', 'waypoint', 'infra')],
      service({ labels: `${THROUGH_WAYPOINT}, istio.io/use-waypoint-namespace: infra` }),
    ),
    right: yaml(SHOP, CART, BOUND, waypoint()),
  },
  NM0032: {
    wrong: yaml(SHOP, CART, BOUND, waypoint('istio.io/waypoint-for: workload')),
    right: yaml(SHOP, CART, BOUND, waypoint('istio.io/waypoint-for: all')),
  },
  NM0033: { wrong: yaml(SHOP, CART, BOUND, waypoint()), right: yaml(SHOP, CART, service()), complete: true },
  NM0034: {
    wrong: yaml(
      SHOP,
      CART,
      waypoint(),
      service({ labels: `${THROUGH_WAYPOINT}, istio.io/use-waypoint-canary: waypoint` }),
    ),
    right: yaml(SHOP, CART, BOUND, waypoint()),
  },
  NM0035: { wrong: yaml(SHOP, waypoint()), right: yaml(SHOP, CART, BOUND, waypoint()) },
  NM0036: {
    wrong: yaml(SHOP, CART, waypoint(), BOUND.replace('10.96.0.9', 'None')),
    right: yaml(SHOP, CART, waypoint('istio.io/waypoint-for: all'), BOUND.replace('10.96.0.9', 'None')),
  },
  NM0037: {
    wrong: yaml(
      SHOP,
      CART,
      waypoint(),
      service({ labels: THROUGH_WAYPOINT, ports: '{name: web, port: 80}' }),
    ),
    right: yaml(
      SHOP,
      CART,
      waypoint(),
      service({ labels: THROUGH_WAYPOINT, ports: '{name: web, port: 80, appProtocol: http}' }),
    ),
  },
  NM0038: {
    wrong: yaml(SHOP, service({ ports: '{name: tcp-web, port: 80, appProtocol: http}' })),
    right: yaml(SHOP, service({ ports: '{name: http-web, port: 80, appProtocol: http}' })),
  },
  NM0040: {
    wrong: yaml(SHOP, route(`{${TO_CART}, rules: [{}]}`)),
    right: yaml(SHOP, CART, BOUND, waypoint(), route(`{${TO_CART}, rules: [{}]}`)),
  },
  NM0041: {
    wrong: yaml(SHOP, CART, service(), route(`{${TO_CART}, rules: [{}]}`)),
    right: yaml(SHOP, CART, BOUND, waypoint(), route(`{${TO_CART}, rules: [{}]}`)),
  },
  NM0042: {
    wrong: yaml(
      SHOP,
      CART,
      BOUND,
      waypoint(),
      route(`{${TO_CART}, rules: [{backendRefs: [{name: card, port: 80}]}]}`),
    ),
    right: yaml(
      SHOP,
      CART,
      BOUND,
      waypoint(),
      route(`{${TO_CART}, rules: [{backendRefs: [{name: cart, port: 80}]}]}`),
    ),
  },
  NM0043: {
    wrong: yaml(
      ...[SHOP, CART, BOUND, waypoint(), BOUND.replace('namespace: shop', 'namespace: other')],
      route(`{${TO_CART}, rules: [{backendRefs: [{name: cart, namespace: other, port: 80}]}]}`),
    ),
    right: yaml(
      SHOP,
      CART,
      BOUND,
      waypoint(),
      route(`{${TO_CART}, rules: [{backendRefs: [{name: cart, port: 80}]}]}`),
    ),
  },
  NM0044: {
    wrong: yaml(
      ...[SHOP, CART, BOUND, waypoint(), route(`{${TO_CART}, rules: [{}]}`)],
      route(`{${TO_CART}, rules: [{}]}`, { kind: 'GRPCRoute', name: 'second' }),
    ),
    right: yaml(SHOP, CART, BOUND, waypoint(), route(`{${TO_CART}, rules: [{}]}`)),
  },
  NM0045: {
    wrong: yaml(
      ...[SHOP, CART, BOUND, waypoint()],
      route(`{${TO_CART}, rules: [{}, {matches: [{path: {type: RegularExpression, value: "("}}]}]}`),
    ),
    right: yaml(SHOP, CART, BOUND, waypoint(), route(`{${TO_CART}, rules: [{}]}`)),
  },
  NM0046: {
    wrong: yaml(
      ...[SHOP, CART, BOUND, waypoint(), route(`{${TO_CART}, rules: [{}]}`)],
      route(`{${TO_CART}, rules: [{}]}`, { name: 'second' }),
    ),
    right: yaml(
      ...[SHOP, CART, BOUND, waypoint(), route(`{${TO_CART}, rules: [{}]}`)],
      route(`{${TO_CART}, rules: [{matches: [{path: {value: /second}}]}]}`, { name: 'second' }),
    ),
  },
  NM0047: {
    wrong: yaml(
      SHOP,
      `
apiVersion: nodemesh.io/v1alpha1
kind: TrafficPolicy
metadata: {name: retries, namespace: shop}
spec: {targetRefs: [{group: "", kind: Service, name: nobody}]}`,
    ),
    right: SHOP,
  },
  NM0050: {
    wrong: `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: limits, namespace: shop}`,
    right: SHOP,
  },
  NM0051: {
    wrong: namespace('shop', 'istio.io/dataplane-mode: enabled'),
    right: namespace('shop', 'istio.io/dataplane-mode: none'),
  },
  NM0052: {
    wrong: namespace('shop', 'istio.io/dataplane-mode: ambient, istio-injection: enabled'),
    right: namespace('shop', 'istio.io/dataplane-mode: ambient, istio-injection: disabled'),
  },
  NM0053: {
    wrong: pod('istio.io/dataplane-mode: ambient', '{hostNetwork: true, containers: [{name: one}]}'),
    right: pod('istio.io/dataplane-mode: ambient'),
  },
  NM0054: {
    wrong: yaml(SHOP, CART, service({ ports: '{name: dns, port: 53, protocol: UDP}' })),
    right: yaml(SHOP, CART, service()),
  },
  NM0066: {
    wrong: yaml(SHOP, CART, service({ rest: ', sessionAffinity: ClientIP' })),
    right: yaml(SHOP, CART, service({ rest: ', sessionAffinity: None' })),
  },
  NM0055: {
    wrong: yaml(SHOP, CART, networkPolicy('{podSelector: {}, ingress: [{ports: [{port: 8080}]}]}')),
    right: yaml(
      SHOP,
      CART,
      networkPolicy('{podSelector: {}, ingress: [{ports: [{port: 8080}, {port: 15000, endPort: 15010}]}]}'),
    ),
  },
  NM0056: {
    wrong: yaml(
      SHOP,
      CART,
      networkPolicy('{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}]}]}'),
    ),
    right: yaml(
      SHOP,
      CART,
      networkPolicy(
        '{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}]}, {ports: [{port: 15008}]}]}',
      ),
    ),
  },
  NM0057: {
    wrong: yaml(SHOP, CART, networkPolicy('{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}')),
    right: yaml(
      SHOP,
      CART,
      networkPolicy(
        '{podSelector: {}, ingress: [{from: [{podSelector: {}}]}, {from: [{ipBlock: {cidr: 169.254.7.127/32}}], ports: [{port: web}]}]}',
      ),
    ),
  },
  NM0058: {
    wrong: yaml(
      SHOP,
      CART,
      service(),
      `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: plain, namespace: shop}
spec: {host: cart, trafficPolicy: {tls: {mode: DISABLE}}}`,
    ),
    right: yaml(
      SHOP,
      CART,
      service(),
      `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: plain, namespace: shop}
spec: {host: cart, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`,
    ),
  },
  NM0059: {
    wrong: yaml(
      SHOP,
      `${pod('', '{nodeName: node-1, containers: [{name: one}]}', ', annotations: {traffic.nodemesh.io/exclude-inbound-ports: all}')}
status: {phase: Running, podIP: 10.244.1.2}`,
    ),
    right: yaml(
      SHOP,
      `${pod('', '{nodeName: node-1, containers: [{name: one}]}', ', annotations: {traffic.nodemesh.io/exclude-inbound-ports: "3306"}')}
status: {phase: Running, podIP: 10.244.1.2}`,
    ),
  },
  NM0061: {
    wrong: yaml(SHOP, discovery('{matchLabels: {mesh: "yes"}}')),
    right: yaml(
      SHOP,
      discovery('{matchLabels: {mesh: "yes"}}, {matchLabels: {kubernetes.io/metadata.name: shop}}'),
    ),
  },
  NM0062: { wrong: yaml(SHOP, CART), right: SHOP, sideBySide: true },
  NM0063: {
    wrong: yaml(
      namespace('shop', 'istio.io/dataplane-mode: ambient, nodemesh.io/dataplane-mode: ambient'),
      CART,
    ),
    right: yaml(
      namespace('shop', 'istio.io/dataplane-mode: none, nodemesh.io/dataplane-mode: ambient'),
      CART,
    ),
    sideBySide: true,
  },
  NM0064: {
    wrong: yaml(
      SHOP,
      CART,
      ...TILL_OF_OURS,
      policy('{mtls: {mode: STRICT}}', { kind: 'PeerAuthentication' }),
    ),
    right: yaml(
      SHOP,
      CART,
      ...TILL_OF_OURS,
      policy('{mtls: {mode: PERMISSIVE}}', { kind: 'PeerAuthentication' }),
    ),
    sideBySide: true,
  },
  NM0065: {
    wrong: yaml(SHOP, CART, ...TILL_OF_OURS, service({ labels: 'istio.io/use-waypoint: w' })),
    right: yaml(
      ...[SHOP, CART, ...TILL_OF_OURS, waypoint()],
      service({ labels: 'istio.io/use-waypoint: w, nodemesh.io/use-waypoint: waypoint' }),
    ),
    sideBySide: true,
  },
  NM0060: {
    wrong: namespace('kube-system', 'istio.io/dataplane-mode: ambient'),
    right: namespace('shop', 'istio.io/dataplane-mode: ambient'),
  },
};
