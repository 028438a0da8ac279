import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import t from 'tap';

const CRDS = 'daemonset/crds';

function kubectl(parameters: readonly string[], input = ''): { status: number; output: string } {
  const { status, stdout, stderr } = spawnSync('kubectl', parameters, { input, encoding: 'utf8' });
  return { status: status ?? -1, output: `${stdout}${stderr}` };
}

t.test('an API server takes each of our CustomResourceDefinitions and serves its kind', async (t) => {
  const applied = kubectl(['apply', '--server-side', '-f', CRDS]);
  t.equal(applied.status, 0, applied.output);
  const waited = kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', CRDS]);
  t.equal(waited.status, 0, waited.output);
  for (const file of await readdir(CRDS)) {
    const [, plural = ''] = /_(\w+)\.yaml$/.exec(file) ?? [];
    const listed = kubectl(['get', `${plural}.nodemesh.io`, '-A']);
    t.equal(listed.status, 0, listed.output);
  }
});
