import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Manifest } from './objects/manifest.ts';

/** The kinds of nodemesh.io, from the files that come with the package. */
export function ownKinds(): readonly Manifest[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Manifest);
}

/** The same whether this runs from source or is built. */
const FOLDER = new URL('../../../daemonset/crds/', import.meta.url);
