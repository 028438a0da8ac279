import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildImage, type BuildOptions } from './build-image.ts';

/** Where images, and what they are made of, are kept between runs. */
export const IMAGE_FOLDER = join('build', 'test-image');

/** Builds the product, once for all images. */
export function buildProduct(): void {
  run('npm', ['run', '--silent', 'build']);
  mkdirSync(IMAGE_FOLDER, { recursive: true });
}

/** Builds an image of the product for a processor, as Node names it. Returns the file that says where it is. */
export function makeImage(cpu: string, options: BuildOptions): string {
  process.stderr.write(`building the image for ${options.architecture} …\n`);
  run('node', ['scripts/stage-image.ts', '--cpu', cpu]);
  const file = join(IMAGE_FOLDER, `image-${options.architecture}.json`);
  writeFileSync(file, JSON.stringify(buildImage(options)));
  return file;
}

/** As images name this machine's processor. */
export const OWN_ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;

function run(program: string, parameters: readonly string[]): void {
  const { status, error } = spawnSync(program, parameters, { stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${parameters.join(' ')}: ${status}`);
}
