import {
  type AnalysisSettings,
  analyze,
  findDuplicates,
  parseSuppression,
  readAnalysedManifest,
} from '../../../src/controller/index.ts';

export const SETTINGS: AnalysisSettings = {
  clusterId: 'Kubernetes',
  network: '',
  trustDomain: 'cluster.local',
  clusterDomain: 'cluster.local',
  rootNamespace: 'istio-system',
  complete: false,
};

/** What is found in YAML text: `NM0010 AuthorizationPolicy shop/x:12`, in the order in which it is told. */
export function findingsIn(
  text: string,
  { suppress = [], ...settings }: Partial<AnalysisSettings> & { readonly suppress?: readonly string[] } = {},
): readonly string[] {
  const { objects, findings } = readAnalysedManifest('file.yaml', text);
  return analyze(objects, {
    settings: { ...SETTINGS, ...settings },
    suppressions: suppress.flatMap((one) => parseSuppression(one) ?? []),
    found: [...findings, ...findDuplicates(objects)],
  }).map(({ definition, object, path }) => {
    const scope = object.namespace === '' ? '' : `${object.namespace}/`;
    return `${definition.code} ${object.kind} ${scope}${object.name}:${object.locate(path)?.line}`;
  });
}

/** The codes alone, each once. */
export function codesIn(text: string, settings: Partial<AnalysisSettings> = {}): ReadonlySet<string> {
  return new Set(findingsIn(text, settings).map((found) => found.split(' ', 1)[0] ?? ''));
}

/** Documents as one text. */
export function yaml(...documents: readonly string[]): string {
  return documents.join('\n---\n');
}

export const SHOP = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}`;

export const CART = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart}}
    spec:
      serviceAccountName: cart
      containers:
        - name: cart
          ports: [{name: web, containerPort: 8080}]
          readinessProbe: {httpGet: {port: web}}`;

/** A Service of `cart`, with what a case adds. */
export function service(
  more: { readonly labels?: string; readonly ports?: string; readonly rest?: string } = {},
): string {
  return `
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {${more.labels ?? ''}}}
spec: {clusterIP: 10.96.0.9, selector: {app: cart}, ports: [${more.ports ?? '{name: http, port: 80}'}]${more.rest ?? ''}}`;
}

export function waypoint(labels = '', name = 'waypoint', namespace = 'shop'): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: ${namespace}, labels: {${labels}}}
spec:
  gatewayClassName: nodemesh-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]`;
}

export const THROUGH_WAYPOINT = 'istio.io/use-waypoint: waypoint';

export function policy(
  spec: string,
  more: { readonly kind?: string; readonly namespace?: string; readonly metadata?: string } = {},
): string {
  return `
apiVersion: security.istio.io/v1
kind: ${more.kind ?? 'AuthorizationPolicy'}
metadata: {name: rules, namespace: ${more.namespace ?? 'shop'}${more.metadata ?? ''}}
spec: ${spec}`;
}

export function route(spec: string, more: { readonly kind?: string; readonly name?: string } = {}): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: ${more.kind ?? 'HTTPRoute'}
metadata: {name: ${more.name ?? 'route'}, namespace: shop}
spec: ${spec}`;
}
