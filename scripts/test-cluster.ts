// `npm run test:cluster [-- FILE…]`: tests the mesh on a whole Kubernetes with two nodes, each a kubelet and a container runtime in
// namespaces of their own, with the image that is built here. Needs root, what `npm run build:cluster` makes, and what
// `npm run test:image` needs; without them the run says so and nothing is passed.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { archiveImages } from '../test/cluster/support/images.ts';
import { missingForCluster } from '../test/cluster/support/needs.ts';
import {
  buildProduct,
  IMAGE_FOLDER as folder,
  makeImage,
  OWN_ARCHITECTURE,
} from '../test/image/support/make-image.ts';

const missing = missingForCluster(process.env);
if (missing === undefined) process.exitCode = testCluster(process.argv.slice(2));
else process.stderr.write(`\n*** NOT RUN, NOT PASSED: test:cluster: ${missing}\n\n`);

function testCluster(files: readonly string[]): number {
  buildProduct();
  makeImage(process.arch, { architecture: OWN_ARCHITECTURE, folder });
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
  const images = archiveImages(resolve(folder), version);
  const { status, error } = spawnSync('tap', ['run', '--output-file=.tap/cluster.tap', ...files], {
    stdio: 'inherit',
    env: {
      ...process.env,
      TAP_RCFILE: 'test/cluster/.taprc',
      NODEMESH_TEST_CLUSTER: JSON.stringify(images),
    },
  });
  if (error !== undefined) throw error;
  return status ?? 1;
}
