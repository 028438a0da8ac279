// `npm run test:image [-- FILE…]`: builds the image from a base made here, and tests what is in it and what its containers do.
// Needs root, buildah, crun and mmdebstrap; without them the run says so and nothing is passed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildImage } from '../test/image/support/build-image.ts';
import { missingForImages } from '../test/image/support/tools.ts';

const FOLDER = join('build', 'test-image');
const NATIVE: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

const missing = missingForImages(process.env);
if (missing === undefined) process.exitCode = testImage(process.argv.slice(2));
else process.stderr.write(`\n*** NOT RUN, NOT PASSED: test:image: ${missing}\n\n`);

function testImage(files: readonly string[]): number {
  run('npm', ['run', '--silent', 'build'], {});
  run('node', ['scripts/stage-image.ts'], {});
  mkdirSync(FOLDER, { recursive: true });
  process.stderr.write('test:image: building …\n');
  const image = buildImage({ architecture: NATIVE[process.arch] ?? process.arch, folder: FOLDER });
  const file = join(FOLDER, 'image.json');
  writeFileSync(file, JSON.stringify(image));
  return run('tap', ['run', '--output-file=.tap/image.tap', ...files], {
    TAP_RCFILE: 'test/image/.taprc',
    NODEMESH_TEST_IMAGE: file,
  });
}

function run(program: string, parameters: readonly string[], environment: NodeJS.ProcessEnv): number {
  const { status, error } = spawnSync(program, parameters, {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (error !== undefined) throw error;
  if (status !== 0 && program !== 'tap') throw new Error(`${program} ${parameters.join(' ')}: ${status}`);
  return status ?? 1;
}
