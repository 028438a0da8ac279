import { readFileSync } from 'node:fs';
import type { BuiltImage } from './build-image.ts';

const file = process.env.NODEMESH_TEST_IMAGE ?? '';

/** The options of a test that needs the image: a loud skip where `npm run test:image` has not built one. */
export function needsImage(): { skip?: string } {
  if (file !== '') return {};
  const skip = 'SKIPPED, NOT PASSED: there is no image; npm run test:image builds one';
  process.stderr.write(`\n*** ${skip}\n\n`);
  return { skip };
}

/** What `npm run test:image` has built. */
export function builtImage(): BuiltImage {
  return JSON.parse(readFileSync(file, 'utf8')) as BuiltImage;
}
