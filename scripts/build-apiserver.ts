// `npm run build:apiserver`: builds the kube-apiserver that test/kubernetes/apiserver/go.mod pins, for machines without
// KUBEBUILDER_ASSETS. Needs Go and its module proxy; five minutes of two cores, then nothing until the pin changes.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT_ASSETS, moduleFolder } from '../test/support/kubernetes-cluster/assets.ts';

const pins = readFileSync(join(moduleFolder, 'go.mod'), 'utf8');
const version = /^require k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\S+)$/m.exec(pins);
if (version === null)
  throw new Error('test/kubernetes/apiserver/go.mod names no version of k8s.io/kubernetes');
const [, release, major, minor] = version;
const program = join(BUILT_ASSETS, 'kube-apiserver');
const stamp = join(BUILT_ASSETS, '.built-from');
const digest = createHash('sha256').update(pins).digest('hex');

if (existsSync(program) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) {
  process.stdout.write(`kube-apiserver ${release} is built already: ${program}\n`);
} else {
  process.stderr.write(`building kube-apiserver ${release}: about five minutes of two cores …\n`);
  mkdirSync(BUILT_ASSETS, { recursive: true });
  const versions = { gitVersion: release, gitMajor: major, gitMinor: minor };
  const stamped = Object.entries(versions).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );
  const { status, error } = spawnSync(
    'go',
    [
      'build',
      '-trimpath',
      `-ldflags=-s -w ${stamped.join(' ')}`,
      '-o',
      program,
      'k8s.io/kubernetes/cmd/kube-apiserver',
    ],
    { cwd: moduleFolder, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, CGO_ENABLED: '0' } },
  );
  if (status !== 0) {
    process.stderr.write(
      `expected \`go build\` to make ${program}, got ${error?.message ?? `exit code ${status}`}; Go 1.26 or newer and its module proxy are needed\n`,
    );
    process.exit(1);
  }
  writeFileSync(stamp, digest);
  process.stdout.write(`${program}\n`);
}
