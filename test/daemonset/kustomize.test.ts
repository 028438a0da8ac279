import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'tap';
import { parse } from 'yaml';
import { manifestFiles } from '../../scripts/manifests/manifest-files.ts';
import {
  defaultSettings,
  PLATFORMS,
  type Platform,
  renderObjects,
} from '../../src/cli/install/objects/settings.ts';
import { VERSION } from '../../src/cli/version.ts';
import { schemaFaults } from './support/kubernetes-schema.ts';
import { byIdentity, documentsOf, identityOf, kustomized } from './support/rendered.ts';
import { waypointManifests } from './support/waypoint-manifests.ts';

const platforms = Object.keys(PLATFORMS) as Platform[];
/** Kinds of others, whose schemas Kubernetes does not have. */
const FOREIGN = ['GatewayClass nodemesh-waypoint', 'SecurityContextConstraints nodemesh-ztunnel'];
const crds = globSync('daemonset/crds/*.yaml').flatMap((file) => documentsOf(readFileSync(file, 'utf8')));

test('kustomization and chart are what scripts/write-manifests.ts writes', async (t) => {
  const written = manifestFiles();
  for (const [path, text] of written)
    t.equal(existsSync(path) ? readFileSync(path, 'utf8') : undefined, text, path);
  const there = globSync('daemonset/{kustomize,helm}/**/*', { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`);
  t.same(
    there.filter((path) => !written.has(path)),
    [],
    'and nothing else',
  );
});

for (const platform of platforms) {
  const folder =
    platform === 'generic' ? 'daemonset/kustomize/base' : `daemonset/kustomize/overlays/${platform}`;
  const wanted = [...renderObjects({ ...defaultSettings(VERSION), platform }), ...crds];

  const objects = kustomized(folder);
  const skip = objects === undefined ? 'there is no kubectl' : false;

  test(`kubectl kustomize ${folder} gives the objects that nodemesh install applies`, { skip }, async (t) => {
    t.same(byIdentity(objects ?? []), byIdentity(wanted));
  });

  test(`every object for ${platform} follows the schema that Kubernetes has for its kind`, async (t) => {
    for (const object of objects ?? wanted)
      if (!FOREIGN.includes(identityOf(object))) t.same(schemaFaults(object), [], identityOf(object));
    t.ok(wanted.length > 15);
  });
}

test('with the component monitoring a kustomization gives what --monitoring does', async (t) => {
  const folder = t.testdir({});
  const to = (path: string): string => relative(folder, path);
  const text = {
    resources: [to('daemonset/kustomize/base')],
    components: [to('daemonset/kustomize/components/monitoring')],
  };
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(text));
  const objects = kustomized(folder);
  const wanted = renderObjects({ ...defaultSettings(VERSION), monitoring: true });
  if (objects !== undefined) t.same(byIdentity(objects), byIdentity([...wanted, ...crds]));
  for (const object of wanted.filter(({ kind }) => kind === 'ConfigMap'))
    t.same(schemaFaults(object), [], identityOf(object));
});

test('what the operator of Prometheus is told is what promtool has tested, of pods and ports that there are', async (t) => {
  const objects = renderObjects({ ...defaultSettings(VERSION), monitoring: true });
  const rule = objects.find(({ kind }) => kind === 'PrometheusRule');
  t.same(rule?.spec, parse(readFileSync('daemonset/prometheus/nodemesh.rules.yaml', 'utf8')));
  const pods = [...objects, ...waypointManifests()].flatMap((object) => {
    const { template } = (object.spec ?? {}) as { readonly template?: Template };
    return template === undefined ? [] : [template];
  });
  const monitors = objects.filter(({ kind }) => kind === 'PodMonitor');
  t.equal(monitors.length, 3);
  for (const monitor of monitors) {
    const { selector, podMetricsEndpoints } = monitor.spec as unknown as MonitorSpec;
    const chosen = pods.filter(({ metadata: { labels } }) =>
      Object.entries(selector.matchLabels).every(([name, value]) => labels[name] === value),
    );
    t.equal(chosen.length, 1, monitor.metadata.name);
    const ports = chosen.flatMap(({ spec }) => spec.containers.flatMap((one) => one.ports ?? []));
    for (const { port } of podMetricsEndpoints)
      t.ok(
        ports.some(({ name }) => name === port),
        port,
      );
  }
});

test('what the controller deploys for a waypoint follows the schemas', async (t) => {
  const objects = waypointManifests();
  for (const object of objects) t.same(schemaFaults(object), [], identityOf(object));
  t.equal(objects.length, 6);
});

test('the schemas find what an API server would refuse', async (t) => {
  const [deployment] = renderObjects(defaultSettings(VERSION)).filter(({ kind }) => kind === 'Deployment');
  if (deployment === undefined) throw new Error('no Deployment');
  const { spec } = deployment as unknown as { spec: Record<string, unknown> };
  const change = (fields: object) => ({
    ...deployment,
    spec: { ...spec, ...fields },
  });
  t.match(schemaFaults(change({ replicas: 'two' })), [/\/spec\/replicas/]);
  t.match(schemaFaults(change({ replica: 2 })), [/additional properties .*replica/]);
  t.match(schemaFaults(change({ selector: undefined })), [/required property 'selector'/]);
  t.equal(schemaFaults({ apiVersion: 'v2', kind: 'Deployment' }), undefined);
});

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly { readonly ports?: readonly { readonly name: string }[] }[];
  };
}

interface MonitorSpec {
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly podMetricsEndpoints: readonly { readonly port: string }[];
}
