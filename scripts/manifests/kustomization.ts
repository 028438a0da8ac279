import { stringify } from 'yaml';
import type { Part } from '../../src/cli/install/objects/installation.ts';
import type { Fields, Manifest } from '../../src/cli/install/objects/manifest.ts';
import {
  defaultSettings,
  PLATFORMS,
  type Platform,
  renderParts,
} from '../../src/cli/install/objects/settings.ts';
import { strategicPatch } from './strategic-patch.ts';

/** The files below daemonset/kustomize: a base, and an overlay for each platform with what is other there. */
export function kustomizeFiles(
  version: string,
  crds: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const settings = defaultSettings(version);
  const base = renderParts(settings);
  // A kustomization reads nothing from folders above it: the kinds are here once more.
  const files = new Map([...crds].map(([name, text]) => [`crds/${name}`, `${COPIED}${text}`]));
  files.set('crds/kustomization.yaml', kustomization({ resources: [...crds.keys()] }));
  for (const { name, objects } of base) files.set(`base/${name}.yaml`, documents(objects));
  files.set(
    'base/kustomization.yaml',
    kustomization({ resources: ['../crds', ...base.map(({ name }) => `${name}.yaml`)] }),
  );
  const monitoring = addedTo(base, renderParts({ ...settings, monitoring: true }));
  for (const { name, objects } of monitoring)
    files.set(`components/monitoring/${name}.yaml`, documents(objects));
  files.set(
    'components/monitoring/kustomization.yaml',
    kustomization({
      apiVersion: 'kustomize.config.k8s.io/v1alpha1',
      kind: 'Component',
      resources: monitoring.map(({ name }) => `${name}.yaml`),
    }),
  );
  for (const platform of Object.keys(PLATFORMS) as Platform[])
    if (platform !== settings.platform) {
      const wanted = renderParts({ ...settings, platform });
      for (const [name, text] of overlay(base, wanted)) files.set(`overlays/${platform}/${name}`, text);
    }
  return files;
}

function overlay(base: readonly Part[], wanted: readonly Part[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const added = addedTo(base, wanted);
  for (const { name, objects } of added) files.set(`${name}.yaml`, documents(objects));
  const patches = wanted
    .flatMap(({ objects }) => objects)
    .flatMap((object): readonly Fields[] => {
      const before = base.flatMap(({ objects }) => objects).find((candidate) => isSame(candidate, object));
      const change = before === undefined ? undefined : strategicPatch(before, object);
      if (change === undefined) return [];
      const { apiVersion, kind, metadata } = object;
      const { name, namespace } = metadata;
      const identity = { name, ...(namespace === undefined ? {} : { namespace }) };
      return [{ apiVersion, kind, metadata: identity, ...(change as Fields) }];
    });
  if (patches.length > 0) files.set('patches.yaml', documents(patches));
  files.set(
    'kustomization.yaml',
    kustomization({
      resources: ['../../base', ...added.map(({ name }) => `${name}.yaml`)],
      ...(patches.length > 0 ? { patches: [{ path: 'patches.yaml' }] } : {}),
    }),
  );
  return files;
}

function addedTo(base: readonly Part[], wanted: readonly Part[]): readonly Part[] {
  return wanted.filter(({ name }) => !base.some((part) => part.name === name));
}

function isSame(one: Manifest, other: Manifest): boolean {
  return (
    one.kind === other.kind &&
    one.metadata.name === other.metadata.name &&
    one.metadata.namespace === other.metadata.namespace
  );
}

function kustomization(fields: Fields): string {
  return `${WRITTEN}${stringify({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', ...fields })}`;
}

function documents(objects: readonly Fields[]): string {
  return `${WRITTEN}${objects.map((object) => stringify(object, STYLE)).join('---\n')}`;
}

/** No anchors: what is said twice stands there twice. */
const STYLE = { lineWidth: 0, aliasDuplicateObjects: false };
const COPIED = '# Copied from daemonset/crds by scripts/write-manifests.ts.\n';
const WRITTEN = '# Written by scripts/write-manifests.ts from src/cli/install/objects.\n';
