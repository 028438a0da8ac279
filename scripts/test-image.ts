// `npm run test:image [-- [--arm64] FILE…]`: builds the image from a base made here, and tests what is in it and what its containers
// do; with --arm64 the image for that processor too, emulated. Needs root, buildah, crun and mmdebstrap; without them the run says so
// and nothing is passed.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import {
  buildProduct,
  IMAGE_FOLDER as folder,
  makeImage,
  OWN_ARCHITECTURE,
} from '../test/image/support/make-image.ts';
import { EMULATE, missingForArm64, missingForImages } from '../test/image/support/tools.ts';

const { values, positionals } = parseArgs({
  options: { arm64: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const missing = missingForImages(process.env) ?? (values.arm64 ? missingForArm64() : undefined);
if (missing === undefined) process.exitCode = testImages();
else process.stderr.write(`\n*** NOT RUN, NOT PASSED: test:image: ${missing}\n\n`);

function testImages(): number {
  buildProduct();
  const images = {
    NODEMESH_TEST_IMAGE: makeImage(process.arch, { architecture: OWN_ARCHITECTURE, folder }),
    ...(values.arm64 && {
      NODEMESH_TEST_IMAGE_ARM64: makeImage('arm64', { architecture: 'arm64', folder, emulate: EMULATE }),
    }),
  };
  const { status, error } = spawnSync('tap', ['run', '--output-file=.tap/image.tap', ...positionals], {
    stdio: 'inherit',
    env: { ...process.env, TAP_RCFILE: 'test/image/.taprc', ...images },
  });
  if (error !== undefined) throw error;
  return status ?? 1;
}
