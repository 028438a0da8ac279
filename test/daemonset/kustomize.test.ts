import { existsSync, globSync, readFileSync } from 'node:fs';
import { test } from 'tap';
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
