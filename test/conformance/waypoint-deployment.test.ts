import { test } from 'tap';
import { type DeploymentSettings, renderWaypoint } from '../../src/controller/deployment/index.ts';
import { ownController, translateWaypoint } from '../../src/controller/translate/index.ts';
import { CONFORMANCE_SETTINGS, objectOf, readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

type Json = Readonly<Record<string, unknown>>;

const SETTINGS: DeploymentSettings = {
  ...CONFORMANCE_SETTINGS,
  network: '',
  image: 'nodemesh/nodemesh:test',
  controllerAddress: 'controller:15012',
  controllerName: 'controller',
  svidTtlMs: 86_400_000,
  logLevel: 'info',
  flags: '',
  logFormat: 'text',
};

/** What the golden files were rendered from is not part of the data; these are the Gateways that they show. */
function render(over: {
  readonly labels?: Json;
  readonly annotations?: Json;
  readonly infrastructure?: Json;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly scope?: 'listed' | 'any';
}) {
  const { labels = {}, annotations = {}, infrastructure = {}, parameters, scope = 'listed' } = over;
  const gateway = objectOf('Gateway', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'namespace', namespace: 'default', labels, annotations },
    spec: {
      gatewayClassName: 'istio-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
      infrastructure,
    },
  });
  const waypoint = translateWaypoint(gateway, undefined, SETTINGS);
  if (waypoint === undefined) throw new Error('no waypoint');
  const metadata = { name: 'wishes', namespace: 'default' };
  const configMap =
    parameters && objectOf('ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: parameters });
  return renderWaypoint({
    gateway,
    waypoint,
    controller: ownController('istio-waypoint', undefined, {}) ?? '',
    parameters: configMap,
    roots: 'PEM',
    settings: { ...SETTINGS, parameters: scope },
  });
}

function kindOf(objects: readonly unknown[] | undefined, kind: string): Json {
  const found = (objects ?? []).find((object) => (object as Json).kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  // As it goes over the wire: without what is undefined.
  return JSON.parse(JSON.stringify(found)) as Json;
}

/** What is the same for every implementation: all but the container, its volumes, and the accounts of settings. */
function comparable(object: Json): unknown {
  const { spec, ...rest } = object as { spec?: Json };
  if (object.kind !== 'Deployment' || spec === undefined) return object;
  const { template, ...others } = spec as { template: { metadata: Json; spec: Json } };
  const {
    containers,
    volumes: _,
    ...pod
  } = template.spec as { containers: readonly Json[]; volumes: unknown };
  const [container] = containers;
  const { securityContext, readinessProbe } = container as { securityContext: Json; readinessProbe: Json };
  // Ours alone: the restricted Pod Security Standard asks for one.
  const { seccompProfile: _seccompProfile, ...sameSecurityContext } = securityContext;
  return {
    ...rest,
    spec: {
      ...others,
      template: {
        metadata: template.metadata,
        spec: {
          ...pod,
          terminationGracePeriodSeconds: undefined,
          securityContext: sameSecurityContext,
          probe: readinessProbe.httpGet,
        },
      },
    },
  };
}

for (const [file, labels] of [
  ['waypoint.yaml', { 'topology.istio.io/network': 'network-1' }],
  ['waypoint-no-network-label.yaml', { 'topology.istio.io/network': 'network-1' }],
] as const) {
  test(`a waypoint is rendered as Istio renders it: ${file}`, needsConformanceData(), async (t) => {
    const golden = readDocuments(conformancePath('istio', 'waypoint-deployment', file));
    const { manifests } = render({ labels });
    for (const kind of ['ServiceAccount', 'Deployment']) {
      t.same(comparable(kindOf(manifests, kind)), comparable(kindOf(golden, kind)), kind);
    }
    const service = kindOf(golden, 'Service') as { spec: { ports: readonly Json[] } };
    // The protocol of the tunnel port has a name here; Istio's golden says only that it takes anything.
    const ports = service.spec.ports.map((port) =>
      port.name === 'mesh' ? { ...port, appProtocol: 'hbone' } : port,
    );
    t.same(kindOf(manifests, 'Service'), { ...service, spec: { ...service.spec, ports } });
  });
}

test('what its author wants is laid over it', needsConformanceData(), async (t) => {
  const golden = readDocuments(conformancePath('istio', 'waypoint-deployment', 'customizations.yaml'));
  const { manifests } = render({
    infrastructure: {
      labels: { foo: 'bar' },
      parametersRef: { group: '', kind: 'ConfigMap', name: 'wishes' },
    },
    parameters: {
      deployment:
        'metadata: {annotations: {cm-annotation: cm-annotation-value}}\nspec: {replicas: 4, template: {spec: {containers: [{name: waypoint, resources: {requests: {cpu: 222m}}}]}}}',
      horizontalPodAutoscaler: 'spec: {minReplicas: 2, maxReplicas: 2}',
      podDisruptionBudget: 'spec: {minAvailable: 1}',
    },
  });
  const meta = (objects: readonly unknown[] | undefined, kind: string) =>
    kindOf(objects, kind).metadata as Json;
  for (const kind of ['Deployment', 'HorizontalPodAutoscaler', 'PodDisruptionBudget']) {
    t.match(
      meta(manifests, kind),
      { labels: { foo: 'bar' }, annotations: meta(golden, kind).annotations },
      kind,
    );
  }
  t.match(kindOf(manifests, 'Deployment').spec, {
    replicas: 4,
    template: {
      spec: {
        containers: [{ image: SETTINGS.image, resources: { requests: { cpu: '222m', memory: '128Mi' } } }],
      },
    },
  });
  t.same((kindOf(manifests, 'PodDisruptionBudget').spec as Json).minAvailable, 1);
  t.match(kindOf(manifests, 'HorizontalPodAutoscaler').spec, { maxReplicas: 2, minReplicas: 2 });
  const stolen = render({
    infrastructure: { parametersRef: { group: '', kind: 'ConfigMap', name: 'wishes' } },
    parameters: { service: 'metadata: {name: stolen, ownerReferences: null}' },
    scope: 'any',
  });
  t.match(meta(stolen.manifests, 'Service'), { name: 'namespace', ownerReferences: [{ name: 'namespace' }] });
});

test('names can be chosen, and parameters that are no YAML are a fault', async (t) => {
  const { manifests } = render({
    annotations: {
      'gateway.istio.io/service-account': 'custom-sa',
      'gateway.nodemesh.io/name-override': 'edge',
      'gateway.nodemesh.io/replicas': '3',
      note: 'kept',
    },
  });
  t.match(kindOf(manifests, 'ServiceAccount').metadata, { name: 'custom-sa', annotations: { note: 'kept' } });
  t.match(kindOf(manifests, 'Deployment'), {
    metadata: { name: 'edge' },
    spec: { replicas: 3, template: { spec: { serviceAccountName: 'custom-sa' } } },
  });
  t.match(kindOf(manifests, 'ConfigMap'), {
    metadata: { name: 'edge-root-cert' },
    data: { 'root-cert.pem': 'PEM' },
  });
  t.match(render({ parameters: { deployment: 'spec: [' } }).fault, /^deployment: /);
  t.match(render({ parameters: { service: '- a' } }).fault, /service: expected an object/);
});

test('limits of the waypoint come from an annotation, and nothing but limits', async (t) => {
  const flags = (text: string) => render({ annotations: { 'gateway.nodemesh.io/waypoint-flags': text } });
  const { manifests } = flags(' --max-header-bytes=128KiB\n--forward-client-cert ');
  const deployment = kindOf(manifests, 'Deployment') as {
    spec: { template: { spec: { containers: readonly { args: readonly string[] }[] } } };
  };
  t.same(deployment.spec.template.spec.containers[0]?.args.slice(-2), [
    '--max-header-bytes=128KiB',
    '--forward-client-cert',
  ]);
  for (const text of ['--controller=evil:1', '--max-header-bytes 128KiB', '--max-headers=1', 'x']) {
    t.match(
      flags(text).fault,
      /^annotation gateway\.nodemesh\.io\/waypoint-flags: expected flags as --max-header-bytes=128KiB, of --max-header-bytes, .*, got "/,
      text,
    );
  }
  t.match(flags('--a=1 --max-header-count=9 --b').fault, /, got "--a=1" and "--b"$/, 'all that are wrong');
});

test('the pod’s arguments are those of nodemesh waypoint serve', async (t) => {
  const deployment = kindOf(render({}).manifests, 'Deployment') as {
    spec: { template: { spec: { containers: readonly { args: readonly string[] }[] } } };
  };
  const [{ args = [] } = {}] = deployment.spec.template.spec.containers;
  t.same(args.slice(0, 4), ['waypoint', 'serve', '--gateway', 'default/namespace']);
  t.ok(args.every((text, index) => index < 2 || index % 2 === 1 || text.startsWith('--')));
});
