// `npm run test:image [-- [--arm64] FILE…]`: builds the image from a base made here, and tests what is in it and what its containers
// do; with --arm64 the image for that processor too, emulated. Needs root, buildah, crun and mmdebstrap; without them the run says so
// and nothing is passed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildImage, type BuildOptions } from '../test/image/support/build-image.ts';
import { EMULATE, missingForArm64, missingForImages } from '../test/image/support/tools.ts';

const FOLDER = join('build', 'test-image');

const { values, positionals } = parseArgs({
  options: { arm64: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const missing = missingForImages(process.env) ?? (values.arm64 ? missingForArm64() : undefined);
if (missing === undefined) process.exitCode = testImages();
else process.stderr.write(`\n*** NOT RUN, NOT PASSED: test:image: ${missing}\n\n`);

function testImages(): number {
  run('npm', ['run', '--silent', 'build']);
  mkdirSync(FOLDER, { recursive: true });
  const own = process.arch === 'x64' ? 'amd64' : process.arch;
  const images = {
    NODEMESH_TEST_IMAGE: makeImage(process.arch, { architecture: own, folder: FOLDER }),
    ...(values.arm64 && {
      NODEMESH_TEST_IMAGE_ARM64: makeImage('arm64', {
        architecture: 'arm64',
        folder: FOLDER,
        emulate: EMULATE,
      }),
    }),
  };
  return run('tap', ['run', '--output-file=.tap/image.tap', ...positionals], {
    TAP_RCFILE: 'test/image/.taprc',
    ...images,
  });
}

/** Returns the file that says where it is. */
function makeImage(cpu: string, options: BuildOptions): string {
  process.stderr.write(`test:image: building for ${options.architecture} …\n`);
  run('node', ['scripts/stage-image.ts', '--cpu', cpu]);
  const file = join(FOLDER, `image-${options.architecture}.json`);
  writeFileSync(file, JSON.stringify(buildImage(options)));
  return file;
}

/** Throws when a program fails, but for tap, whose status it returns. */
function run(program: string, parameters: readonly string[], environment: NodeJS.ProcessEnv = {}): number {
  const { status, error } = spawnSync(program, parameters, {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (error !== undefined) throw error;
  if (status !== 0 && program !== 'tap') throw new Error(`${program} ${parameters.join(' ')}: ${status}`);
  return status ?? 1;
}
