import { spawnSync } from 'node:child_process';
import t from 'tap';

function kubectl(...parameters: readonly string[]): { readonly status: number; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('kubectl', parameters, { encoding: 'utf8' });
  return { status: status ?? -1, output: `${stdout}${stderr}` };
}

const DEFINITIONS = [
  { whose: 'our own kinds', folder: 'daemonset/kustomize/crds', kinds: 4 },
  { whose: "Istio's kinds that we read", folder: 'daemonset/istio-crds', kinds: 4 },
];

for (const { whose, folder, kinds } of DEFINITIONS) {
  t.test(`an API server takes the definitions of ${whose} and serves them`, async (t) => {
    const applied = kubectl('apply', '--server-side', '-k', folder);
    t.equal(applied.status, 0, applied.output);
    const names = [...applied.output.matchAll(/^customresourcedefinition\S+?\/(\S+)/gm)].map(
      ([, name = '']) => name,
    );
    t.equal(names.length, kinds);
    const crds = names.map((name) => `crd/${name}`);
    const waited = kubectl('wait', '--for=condition=Established', '--timeout=60s', ...crds);
    t.equal(waited.status, 0, waited.output);
    for (const name of names) {
      const listed = kubectl('get', name, '--all-namespaces');
      t.equal(listed.status, 0, listed.output);
    }
  });
}
