import { readFileSync } from 'node:fs';
import type { BuiltImage } from './build-image.ts';

/** The options of a test that needs an image: a loud skip where `npm run test:image` has not built one. */
export function needsImage(cpu: Cpu = 'native'): { skip?: string } {
  if (fileOf(cpu) !== '') return {};
  const how = cpu === 'native' ? 'npm run test:image' : 'npm run test:image -- --arm64';
  const skip = `SKIPPED, NOT PASSED: there is no image; ${how} builds one`;
  process.stderr.write(`\n*** ${skip}\n\n`);
  return { skip };
}

/** What `npm run test:image` has built. */
export function builtImage(cpu: Cpu = 'native'): BuiltImage {
  return JSON.parse(readFileSync(fileOf(cpu), 'utf8')) as BuiltImage;
}

function fileOf(cpu: Cpu): string {
  const { NODEMESH_TEST_IMAGE: native = '', NODEMESH_TEST_IMAGE_ARM64: arm64 = '' } = process.env;
  return cpu === 'native' ? native : arm64;
}

type Cpu = 'native' | 'arm64';
