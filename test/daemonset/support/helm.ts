import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const MODULE = 'helm.sh/helm/v3/cmd/helm@v3.19.0';

/** Helm as a peer of tests: that of the machine, or built by Go into a folder of its own. Otherwise why there is none. */
export function findHelm(): { readonly program: string } | { readonly missing: string } {
  if (spawnSync('helm', ['version']).status === 0) return { program: 'helm' };
  const folder = join(tmpdir(), `nodemesh-test-peers-${userInfo().uid}`, MODULE.replaceAll('/', '_'));
  const program = join(folder, 'helm');
  if (existsSync(program)) return { program };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { error, status, stderr } = spawnSync('go', ['install', MODULE], {
    env: { ...process.env, GOBIN: folder },
    encoding: 'utf8',
    timeout: 480_000,
  });
  if (error !== undefined) return { missing: 'there is neither helm nor go' };
  return status === 0
    ? { program }
    : { missing: `helm cannot be built: ${stderr.trim().split('\n').at(-1)}` };
}
