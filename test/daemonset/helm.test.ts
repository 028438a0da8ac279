import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import { parse, stringify } from 'yaml';
import { KEEP } from '../../scripts/manifests/helm-chart.ts';
import type { Manifest } from '../../src/cli/install/objects/manifest.ts';
import {
  defaultSettings,
  type InstallSettings,
  PLATFORMS,
  type Platform,
  renderObjects,
} from '../../src/cli/install/objects/settings.ts';
import { VERSION } from '../../src/cli/version.ts';
import { findHelm } from './support/helm.ts';
import { schemaFaults } from './support/kubernetes-schema.ts';
import { byIdentity, documentsOf, identityOf } from './support/rendered.ts';

const CHART = 'daemonset/helm/nodemesh';
const helm = findHelm();
const skip = 'missing' in helm ? `no Helm: ${helm.missing}` : false;
const crds = globSync('daemonset/crds/*.yaml').flatMap((file) => documentsOf(readFileSync(file, 'utf8')));

function run(parameters: readonly string[], input = '') {
  if ('missing' in helm) throw new Error(helm.missing);
  return spawnSync(helm.program, parameters, { encoding: 'utf8', input });
}

function template(settings: Partial<InstallSettings>, flags: readonly string[] = []) {
  const names = ['--namespace', 'nodemesh-system', '--kube-version', '1.33.0'];
  const groups = ['gateway.networking.k8s.io/v1', 'monitoring.coreos.com/v1'].flatMap((group) => [
    '--api-versions',
    group,
  ]);
  return run(
    ['template', 'nodemesh', CHART, ...names, ...groups, '--values', '-', ...flags],
    stringify(settings),
  );
}

/** Helm has its own way with the namespace, and is told to leave the kinds where they are. */
function comparable(objects: readonly Manifest[]): ReadonlyMap<string, unknown> {
  const others = byIdentity(objects, ({ kind }) => kind !== 'Namespace');
  return new Map(
    [...others].map(([identity, object]) => {
      const { annotations, ...metadata } = object.metadata as Manifest['metadata'] & {
        readonly annotations?: Readonly<Record<string, string>>;
      };
      const { [KEEP]: _, ...rest } = annotations ?? {};
      return [
        identity,
        {
          ...object,
          metadata: Object.keys(rest).length === 0 ? metadata : { ...metadata, annotations: rest },
        },
      ];
    }),
  );
}

const others: Partial<InstallSettings> = {
  image:
    'registry.example/mesh/nodemesh@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  trustDomain: 'prod.example',
  clusterDomain: 'cluster.example',
  clusterId: 'east-1',
  network: 'net-1',
  rootNamespace: 'nodemesh-system',
  sideBySide: true,
  sharedRoots: true,
  controllerReplicas: 5,
  svidTtl: '90m',
  drainSeconds: 604_800,
  logLevel: 'info,xds=debug',
  logFormat: 'text',
  webhookFailurePolicy: 'Fail',
  waypointParameters: 'any',
  monitoring: true,
  controllerResources: { requests: { cpu: 1, memory: '1Gi' }, limits: { memory: '2Gi' } },
  // Helm lays maps over each other: what is not named here would stay.
  ztunnelResources: { requests: { cpu: '50m', memory: '1Gi' }, limits: { memory: '4Gi' } },
};

for (const platform of Object.keys(PLATFORMS) as Platform[])
  for (const [name, settings] of [
    ['as it comes', { platform }],
    ['with every value changed', { ...others, platform }],
  ] as const)
    test(`helm template for ${platform}, ${name}: the objects that nodemesh install applies`, {
      skip,
    }, async (t) => {
      const { status, stdout, stderr } = template(settings);
      t.equal(status, 0, stderr);
      const objects = documentsOf(stdout);
      const wanted = [...renderObjects({ ...defaultSettings(VERSION), ...settings }), ...crds];
      t.same(comparable(objects), comparable(wanted));
      for (const object of objects)
        if (schemaFaults(object) !== undefined) t.same(schemaFaults(object), [], identityOf(object));
    });

test("the chart's values are those that an installation has", async (t) => {
  const { crds: _, ...values } = parse(readFileSync(`${CHART}/values.yaml`, 'utf8')) as Record<
    string,
    unknown
  >;
  t.same(values, defaultSettings(VERSION));
});

test('the chart is refused with values that it does not know or cannot use', { skip }, async (t) => {
  for (const [wrong, complaint] of [
    [{ platfrom: 'kind' }, /platfrom/],
    [{ platform: 'aks' }, /platform/],
    [{ controllerReplicas: 0 }, /controllerReplicas/],
    [{ trustDomain: 'a"b' }, /trustDomain/],
    [{ image: 'a b' }, /image/],
    [{ logLevel: 'info\n  - --kubernetes' }, /logLevel/],
  ] as const) {
    const { status, stderr } = template(wrong as Partial<InstallSettings>);
    t.not(status, 0, JSON.stringify(wrong));
    t.match(stderr, complaint);
  }
});

test('the chart is refused in another namespace, and on a Kubernetes that is too old', {
  skip,
}, async (t) => {
  const elsewhere = template({}, ['--namespace', 'elsewhere']);
  t.match(elsewhere.stderr, /expected the release in namespace nodemesh-system, got elsewhere/);
  const old = template({}, ['--kube-version', '1.29.0']);
  t.match(old.stderr, /kubeVersion/);
});

test("without the kinds of Prometheus' operator monitoring is dashboards alone", { skip }, async (t) => {
  const names = ['--namespace', 'nodemesh-system', '--kube-version', '1.33.0', '--set', 'monitoring=true'];
  const objects = documentsOf(run(['template', 'n', CHART, ...names]).stdout);
  t.equal(objects.filter(({ kind }) => kind === 'ConfigMap').length, 4);
  t.notOk(objects.some(({ apiVersion }) => apiVersion.startsWith('monitoring.coreos.com/')));
});

test('without the Gateway API there is no GatewayClass, and without crds no kinds', { skip }, async (t) => {
  const { stdout } = run([
    'template',
    'n',
    CHART,
    '--namespace',
    'nodemesh-system',
    '--kube-version',
    '1.33.0',
    '--set',
    'crds=false',
  ]);
  const kinds = documentsOf(stdout).map(({ kind }) => kind);
  t.notOk(kinds.includes('GatewayClass'));
  t.notOk(kinds.includes('CustomResourceDefinition'));
  t.ok(kinds.includes('DaemonSet'));
});

test('helm lint finds nothing', { skip }, async (t) => {
  const { status, stdout } = run(['lint', '--strict', CHART, '--namespace', 'nodemesh-system']);
  t.equal(status, 0, stdout);
});
