import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/**
 * Where a program that a test starts keeps what it has compiled: with the test run's own, where we may write there (an ordinary
 * user may not where root started the run), else in `directory`. A cold start takes twice the time of a warm one.
 */
export function compileCache(directory: string): string {
  const shared = process.env.NODE_COMPILE_CACHE ?? '';
  return isWritable(shared) ? shared : join(directory, 'compile-cache');
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
