export { compilePaths } from './compile-paths.ts';
export { type NormalizedTarget, normalizePath } from './normalize-path.ts';
export { readingsOf } from './path-readings.ts';
