import { readdirSync, readFileSync } from 'node:fs';
import { helmFiles } from './helm-chart.ts';
import { kustomizeFiles } from './kustomization.ts';

/** Every file that is written, by its path in the repository. */
export function manifestFiles(): ReadonlyMap<string, string> {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const crds = new Map(
    readdirSync(CRDS)
      .sort()
      .map((name) => [name, readFileSync(`${CRDS}/${name}`, 'utf8')]),
  );
  return new Map([
    ...[...kustomizeFiles(version, crds)].map(
      ([name, text]) => [`daemonset/kustomize/${name}`, text] as const,
    ),
    ...[...helmFiles(version, crds)].map(
      ([name, text]) => [`daemonset/helm/nodemesh/${name}`, text] as const,
    ),
  ]);
}

const CRDS = 'daemonset/crds';
