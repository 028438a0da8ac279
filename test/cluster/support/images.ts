import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PAUSE_IMAGE } from './node-files.ts';
import type { ClusterImages } from './needs.ts';

/**
 * Archives of the mesh's image, which is in buildah's store at `store`, and of the one that holds a pod's namespaces, for container
 * runtimes that can ask no registry. Throws with the tool's own words.
 */
export function archiveImages(store: string, version: string): ClusterImages {
  const folder = join(store, 'archives');
  mkdirSync(folder, { recursive: true });
  const buildah = (...parameters: readonly string[]): string =>
    execFileSync(
      'buildah',
      [
        ...['--storage-driver', 'overlay', '--root', join(store, 'overlay')],
        ...['--runroot', join(store, 'overlay-run'), ...parameters],
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    ).trim();
  const mesh = `nodemesh/nodemesh:${version}`;
  const archive = (image: string, name: string, as: string): void => {
    buildah('push', '--quiet', image, `oci-archive:${join(folder, name)}:${as}`);
  };
  const own = process.arch === 'x64' ? 'amd64' : process.arch;
  archive(`localhost/nodemesh:${own}`, 'mesh.tar', `docker.io/${mesh}`);
  const program = join(store, 'pause');
  const source = join(import.meta.dirname, '..', 'programs', 'pause.c');
  execFileSync('gcc', ['-O2', '-static', '-s', '-o', program, source]);
  const container = buildah('from', 'scratch');
  buildah('add', '--quiet', container, program, '/pause');
  buildah('config', '--entrypoint', '["/pause"]', container);
  buildah('commit', '--quiet', '--rm', container, PAUSE_IMAGE);
  archive(PAUSE_IMAGE, 'pause.tar', PAUSE_IMAGE);
  return { folder, mesh };
}
