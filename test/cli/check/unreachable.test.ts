import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'tap';

/** `nodemesh check` where no lab runs, with nothing but this in its environment. */
function check(folder: string, kubeconfig?: string) {
  const { status, stdout } = spawnSync(process.execPath, ['src/cli/main.ts', 'check'], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      XDG_RUNTIME_DIR: folder,
      ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }),
    },
  });
  return { status, stdout };
}

test('where nothing names a mesh there is none to be seen, and nothing is wrong with that', (t) => {
  t.match(
    check(t.testdir({})).stdout,
    /· mesh: not seen: no lab is running, and no kubeconfig names a cluster/,
  );
  t.end();
});

test('a cluster that the environment names and that cannot be asked is wrong, not merely unseen', (t) => {
  const folder = t.testdir({ down: kubeconfig('https://127.0.0.1:1') });
  const absent = check(folder, '/nonexistent/kubeconfig');
  t.equal(absent.status, 1);
  t.match(
    absent.stdout,
    /✗ mesh: \/nonexistent\/kubeconfig: there is no such file\n {2}hint: KUBECONFIG or --kubeconfig/,
  );

  const down = check(folder, join(folder, 'down'));
  t.equal(down.status, 1);
  t.match(
    down.stdout,
    /✗ mesh: list pods nodemesh-system: .*ECONNREFUSED.*\n {2}hint: kubectl get --raw \/readyz/,
  );
  t.end();
});

function kubeconfig(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'down', cluster: { server } }],
    users: [{ name: 'down', user: { token: 'none' } }],
    contexts: [{ name: 'down', context: { cluster: 'down', user: 'down' } }],
    'current-context': 'down',
  });
}
