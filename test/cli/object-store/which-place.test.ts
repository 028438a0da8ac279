import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { createCliContext } from '../../../src/cli/context.ts';
import { meansLab, type ObjectPlaceOptions } from '../../../src/cli/object-store/index.ts';
import { PID_FILE, SOCKET_FILE } from '../../../src/lab/state/index.ts';
import { nodemesh } from '../../lab/support/lab-fixture.ts';

interface Wish extends ObjectPlaceOptions {
  /** KUBECONFIG is set. */
  readonly isSet?: boolean;
  readonly changes?: boolean;
}

/** A machine with labs or without, and two kubeconfigs; what a command means there, and what it says on stderr. */
function machine(t: Test, { labs }: { readonly labs: readonly string[] }) {
  const folder = t.testdir({ mine: kubeconfig('mine', 1), '.kube': { config: kubeconfig('home', 2) } });
  for (const lab of labs) {
    mkdirSync(join(folder, 'nodemesh', lab), { recursive: true });
    writeFileSync(join(folder, 'nodemesh', lab, SOCKET_FILE), '');
    writeFileSync(join(folder, 'nodemesh', lab, PID_FILE), String(process.pid));
  }
  const before = process.env.HOME;
  process.env.HOME = folder;
  t.teardown(() => {
    process.env.HOME = before;
  });
  return ({ isSet = false, changes = false, ...options }: Wish = {}) => {
    let said = '';
    const context = createCliContext(process);
    const stderr = Object.assign(Object.create(process.stderr) as NodeJS.WriteStream, {
      write: (text: string) => {
        said += text;
        return true;
      },
    });
    const here = {
      ...context,
      terminal: { ...context.terminal, stderr },
      runtimeDirectory: folder,
      kubeconfig: isSet ? join(folder, 'mine') : undefined,
    };
    const lab = meansLab(here, options, { changes });
    // A command that asks twice says it once.
    meansLab(here, options, { changes });
    return `${lab ? 'lab' : 'cluster'}: ${said.replaceAll(folder, 'HOME')}`;
  };
}

const HOME = 'cluster https://127.0.0.1:2 (context home of HOME/.kube/config)';
const MINE = 'cluster https://127.0.0.1:1 (context mine of HOME/mine)';

test('a KUBECONFIG that is set is meant also beside a lab, and both are named', (t) => {
  const meant = machine(t, { labs: ['demo'] });
  for (const changes of [true, false])
    t.equal(
      meant({ isSet: true, changes }),
      `cluster: on ${MINE}; not on the lab demo, which runs too (--lab demo)\n`,
    );
  t.equal(meant({ isSet: true, changes: true, lab: 'demo' }), 'lab: on lab demo\n');
  t.equal(meant({ isSet: true, lab: 'demo' }), 'lab: ', 'who has named it need not be told');
  t.equal(meant({ isSet: true, context: 'mine' }), 'cluster: ');
  t.end();
});

test('a lab that runs is meant where only the home folder names a cluster', (t) => {
  const meant = machine(t, { labs: ['demo'] });
  for (const changes of [true, false])
    t.equal(
      meant({ changes }),
      'lab: on lab demo; not on the cluster of HOME/.kube/config (--kubeconfig or --context)\n',
    );
  t.equal(meant({ changes: true, context: 'home' }), `cluster: on ${HOME}\n`);
  t.end();
});

test('without a lab it is the cluster of KUBECONFIG, else of the home folder, and what changes it says so', (t) => {
  const meant = machine(t, { labs: [] });
  t.equal(meant({ changes: true }), `cluster: on ${HOME}\n`);
  t.equal(meant({ changes: true, isSet: true }), `cluster: on ${MINE}\n`);
  t.equal(meant(), 'cluster: ', 'nothing else could be meant');
  t.end();
});

for (const command of ['install', 'upgrade', 'uninstall'])
  test(`${command} says first which cluster it is about, also when the kubeconfig cannot be read`, async (t) => {
    const { stderr } = await nodemesh([command, '--kubeconfig', '/nonexistent/kubeconfig']);
    t.match(stderr, /^on cluster of \/nonexistent\/kubeconfig\nerror: [\s\S]*no such file/);
  });

function kubeconfig(name: string, port: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: `https://127.0.0.1:${port}` } }],
    users: [{ name, user: { token: 'none' } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
