import { test } from 'tap';
import { codesIn, findingsIn, yaml } from './support.ts';

/** What the conformance data has no input for. Each: YAML, and the findings about it that begin with IST. */
const istio = (text: string): readonly string[] =>
  findingsIn(text).filter((found) => found.startsWith('IST'));

const virtualService = (name: string, spec: string, namespace = 'shop'): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}`;
const serviceEntry = (name: string, spec: string, namespace = 'shop'): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}`;
const cart = (ports: string, annotations = ''): string => `
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, annotations: {${annotations}}}
spec: {selector: {app: cart}, ports: [${ports}]}`;
const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart, istio.io/dataplane-mode: ambient}}, spec: {containers: [{name: a}]}}}`;

test('a destination is a known host with a port that it has, or with one alone', async (t) => {
  const route = (destination: string): string =>
    virtualService('v', `{hosts: [x.example], http: [{route: [{destination: ${destination}}]}]}`);
  const two = cart('{name: http, port: 80}, {name: http-more, port: 81}');
  t.same(istio(yaml(two, route('{host: cart, port: {number: 80}}'))), []);
  t.ok(codesIn(yaml(two, route('{host: cart}'))).has('IST0112'));
  t.ok(codesIn(yaml(two, route('{host: cart, port: {number: 82}}'))).has('IST0101'));
  t.ok(codesIn(yaml(two, route('{host: card}'))).has('IST0101'));
  t.ok(
    codesIn(
      yaml(
        two,
        virtualService('v', '{http: [{route: [{destination: {host: cart, port: {number: 80}}}]}]}', 'other'),
      ),
    ).has('IST0101'),
  );
});

test('what is not exported to a namespace is not known there', async (t) => {
  const route = virtualService(
    'v',
    '{hosts: [x.example], http: [{route: [{destination: {host: out.example}}]}]}',
  );
  const entry = (exportTo: string): string =>
    serviceEntry(
      'e',
      `{hosts: ["*.example"], exportTo: ["${exportTo}"], ports: [{number: 443, name: tls, protocol: TLS}]}`,
      'other',
    );
  t.notOk(codesIn(yaml(entry('*'), route)).has('IST0101'));
  t.ok(codesIn(yaml(entry('.'), route)).has('IST0101'));
  const far = virtualService(
    'v',
    '{http: [{route: [{destination: {host: cart.shop.svc.cluster.local}}]}]}',
    'other',
  );
  t.notOk(codesIn(yaml(cart('{name: http, port: 80}'), far)).has('IST0101'));
  t.ok(
    codesIn(yaml(cart('{name: http, port: 80}', 'networking.istio.io/exportTo: "."'), far)).has('IST0101'),
  );
});

test('Services of one Deployment agree about their ports, and one Service may have a port twice', async (t) => {
  const second = cart(
    '{name: tcp, port: 81, targetPort: 8080}, {name: dns, port: 53, protocol: UDP}',
  ).replace('name: cart', 'name: second');
  const codes = codesIn(
    yaml(
      deployment,
      cart('{name: http, port: 80, targetPort: 8080}, {name: tcp-dns, port: 53, protocol: TCP}'),
      second,
    ),
  );
  t.ok(codes.has('IST0116') && codes.has('IST0137'), [...codes].join(' '));
  const alone = codesIn(
    yaml(deployment, cart('{name: dns, port: 53, protocol: UDP}, {name: tcp-dns, port: 53}')),
  );
  t.notOk(alone.has('IST0116') || alone.has('IST0137'));
});

test('the same host and port has one protocol', async (t) => {
  const entry = (name: string, protocol: string, more = ''): string =>
    serviceEntry(
      name,
      `{hosts: [a.example], resolution: DNS, ports: [{number: 443, name: a, protocol: ${protocol}}]${more}}`,
    );
  const conflicts = (text: string): number =>
    istio(text).filter((found) => found.startsWith('IST0177')).length;
  t.equal(conflicts(yaml(entry('one', 'TLS'), entry('two', 'HTTPS'))), 2);
  t.equal(conflicts(yaml(entry('one', 'TLS'), entry('two', 'tls'))), 0);
  t.equal(
    conflicts(yaml(entry('one', 'TLS', ', exportTo: [a]'), entry('two', 'HTTPS', ', exportTo: [b]'))),
    0,
  );
});

test('Sidecars and Telemetries that select the same pods, or nothing, or everything twice', async (t) => {
  const of = (kind: string, group: string, spec: (labels: string) => string): readonly string[] => {
    const one = (name: string, labels: string): string => `
apiVersion: ${group}/v1
kind: ${kind}
metadata: {name: ${name}, namespace: shop}
spec: ${labels === '' ? '{}' : spec(labels)}`;
    return istio(
      yaml(
        deployment,
        one('a', 'app: cart'),
        one('b', 'app: cart'),
        one('c', 'app: no'),
        one('d', ''),
        one('e', ''),
      ),
    ).map((found) => found.replace(/:\d+$/, ''));
  };
  t.same(
    of('Sidecar', 'networking.istio.io', (labels) => `{workloadSelector: {labels: {${labels}}}}`).toSorted(),
    [
      'IST0101 Sidecar shop/c',
      'IST0110 Sidecar shop/a',
      'IST0110 Sidecar shop/b',
      'IST0111 Sidecar shop/d',
      'IST0111 Sidecar shop/e',
    ],
  );
  t.same(
    of('Telemetry', 'telemetry.istio.io', (labels) => `{selector: {matchLabels: {${labels}}}}`).toSorted(),
    [
      'IST0101 Telemetry shop/c',
      'IST0159 Telemetry shop/a',
      'IST0159 Telemetry shop/b',
      'IST0160 Telemetry shop/d',
      'IST0160 Telemetry shop/e',
    ],
  );
});

test('a rule after one that takes everything is never used', async (t) => {
  const to = 'route: [{destination: {host: cart}}]';
  const rules = (list: string): string =>
    yaml(cart('{name: http, port: 80}'), virtualService('v', `{hosts: [cart], http: ${list}}`));
  t.ok(codesIn(rules(`[{${to}}, {match: [{uri: {prefix: /a}}], ${to}}]`)).has('IST0130'));
  t.same(istio(rules(`[{match: [{uri: {prefix: /a}}], ${to}}, {${to}}]`)), []);
});

test('routing by claims needs somebody who verifies tokens', async (t) => {
  const gateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: istio-system}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`;
  const claims = virtualService(
    'v',
    '{hosts: [a.example], gateways: [istio-system/gw], http: [{match: [{headers: {"@request.auth.claims.group": {exact: a}}}], route: [{destination: {host: cart}}]}]}',
  );
  const tokens = `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: istio-system}
spec: {selector: {matchLabels: {istio: ingressgateway}}, jwtRules: [{issuer: a}]}`;
  t.ok(codesIn(yaml(cart('{name: http, port: 80}'), gateway, claims)).has('IST0149'));
  t.notOk(codesIn(yaml(cart('{name: http, port: 80}'), gateway, claims, tokens)).has('IST0149'));
});

test('ports of names in DNS say what they speak', async (t) => {
  const name = (port: string): string => `
apiVersion: v1
kind: Service
metadata: {name: far, namespace: shop}
spec: {type: ExternalName, externalName: far.example, ports: [{port: 443${port}}]}`;
  t.same(istio(name(', name: https')), []);
  for (const port of ['', ', name: tcp', ', name: web'])
    t.same(istio(name(port)), ['IST0150 Service shop/far:5'], port);
});

test('selectors on the pods of a Gateway have no effect', async (t) => {
  const pod = `
apiVersion: v1
kind: Pod
metadata: {name: gw, namespace: shop, labels: {app: gw, gateway.networking.k8s.io/gateway-name: gw}}
spec: {containers: [{name: istio-proxy}]}`;
  const rules = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: rules, namespace: shop}
spec: {selector: {matchLabels: {app: gw}}, rules: [{}]}`;
  t.ok(codesIn(yaml(pod, rules)).has('IST0166'));
  t.notOk(codesIn(yaml(pod, rules.replace('app: gw', 'app: cart'))).has('IST0166'));
});

test('a credential that is no certificate is told', async (t) => {
  const gateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: istio-system}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: shop}, hosts: ["*"]}]}`;
  const secret = `
apiVersion: v1
kind: Secret
metadata: {name: shop, namespace: istio-system}
stringData: {tls.crt: none, tls.key: none}`;
  t.ok(codesIn(yaml(gateway, secret)).has('IST0161'));
  t.ok(codesIn(gateway).has('IST0101'));
});

test('the port of a Service that the controller made for a waypoint is known by its appProtocol', async (t) => {
  const mesh = (appProtocol: string): string => cart(`{name: mesh, port: 15008${appProtocol}}`);
  t.ok(codesIn(mesh('')).has('IST0118'));
  t.notOk(codesIn(mesh(', appProtocol: hbone')).has('IST0118'));
});
