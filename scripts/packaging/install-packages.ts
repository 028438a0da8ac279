import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `folder/node_modules` as package-lock.json has it for a processor and nobody who develops, whatever machine this is. What is
 * there already and current is left. Throws when npm fails, which has said why.
 */
export function installPackages(folder: string, cpu: string): void {
  const stamp = join(folder, '.installed-from');
  const digest = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) copyFileSync(name, join(folder, name));
  const target = ['--os', 'linux', '--libc', 'glibc', '--cpu', cpu];
  // No package of ours needs an install script: what is native comes prebuilt inside the packages.
  const options = ['ci', '--ignore-scripts', '--omit=dev', ...target, '--no-audit', '--no-fund'];
  const { status, error } = spawnSync('npm', [...options, '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`npm ci in ${folder} failed: ${error?.message ?? `status ${status}`}`);
  writeFileSync(stamp, digest);
}
