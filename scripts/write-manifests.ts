// Writes daemonset/kustomize and daemonset/helm from src/cli/install/objects: `node scripts/write-manifests.ts`. A test
// fails when they differ.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { manifestFiles } from './manifests/manifest-files.ts';

const files = manifestFiles();
for (const folder of ['daemonset/kustomize', 'daemonset/helm'])
  rmSync(folder, { recursive: true, force: true });
for (const [path, text] of files) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
