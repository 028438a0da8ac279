import { existsSync, readFileSync } from 'node:fs';
import { parseManifests, type ManifestObject } from '../../../../src/lab/cluster/index.ts';
import { conformancePath } from '../../../support/conformance.ts';
import type { ConformanceTest } from './conformance-test.ts';
import { withImpliedCases } from './implied-cases.ts';
import { listOf, objectOf, textOf } from './json-value.ts';
import { readTest } from './read-test.ts';

/** Everything that `conformance/gateway-api` has. */
export interface ConformanceData {
  readonly tests: readonly ConformanceTest[];
  /** Name → what it is. */
  readonly features: ReadonlyMap<string, FeatureDescription>;
  /** `mesh/manifests.yaml` and `base/manifests.yaml`. */
  readonly base: readonly ManifestObject[];
  /** Of one file below `tests/`. */
  manifests(file: string): readonly ManifestObject[];
}

export interface FeatureDescription {
  readonly channel: string;
  readonly description: string;
}

export function loadConformanceData(): ConformanceData {
  const json = (...parts: string[]): unknown =>
    JSON.parse(readFileSync(conformancePath('gateway-api', ...parts), 'utf8')) as unknown;
  const manifests = (...parts: string[]): readonly ManifestObject[] => {
    const path = conformancePath('gateway-api', ...parts);
    return parseManifests(readFileSync(path, 'utf8'), path);
  };
  const tests = listOf(json('index.json'))
    .map(objectOf)
    .map((entry) =>
      withImpliedCases(
        readTest(json('expectations', textOf(entry.profile) ?? '', `${textOf(entry.test)}.json`)),
      ),
    );
  const features = Object.entries(objectOf(objectOf(json('features.json')).features)).map(
    ([name, about]): [string, FeatureDescription] => [
      name,
      {
        channel: textOf(objectOf(about).channel) ?? '',
        description: textOf(objectOf(about).description) ?? '',
      },
    ],
  );
  return {
    tests: tests.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    features: new Map(features),
    base: ['mesh', 'base'].flatMap((folder) =>
      existsSync(conformancePath('gateway-api', folder, 'manifests.yaml'))
        ? manifests(folder, 'manifests.yaml')
        : [],
    ),
    manifests: (file) => manifests('tests', file),
  };
}
