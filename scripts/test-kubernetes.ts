// `npm run test:kubernetes [-- FILE…]`: the tests that need a real API server. It is the one that KUBECONFIG names, else one
// started here (KUBEBUILDER_ASSETS, or what `npm run build:apiserver` built). Without any the run says so and nothing is passed.
import { spawnSync } from 'node:child_process';
import { findClusterPrograms } from '../test/support/kubernetes-cluster/assets.ts';
import { startCluster } from '../test/support/kubernetes-cluster/start-cluster.ts';

const files = process.argv.slice(2);

function runTests(kubeconfig: string): number {
  const { status, error } = spawnSync('tap', ['run', '--output-file=.tap/kubernetes.tap', ...files], {
    stdio: 'inherit',
    env: { ...process.env, KUBECONFIG: kubeconfig, TAP_RCFILE: 'test/kubernetes/.taprc' },
  });
  if (error !== undefined) process.stderr.write(`tap could not be started: ${error.message}\n`);
  return status ?? 1;
}

const named = process.env.KUBECONFIG ?? '';
if (named !== '') {
  process.stderr.write(`test:kubernetes: the cluster of ${named}\n`);
  process.exitCode = runTests(named);
} else {
  const programs = findClusterPrograms(process.env);
  if (typeof programs === 'string') {
    process.stderr.write(`\n*** NOT RUN, NOT PASSED: test:kubernetes needs an API server: ${programs}\n\n`);
  } else {
    process.stderr.write(`test:kubernetes: starting ${programs.apiServer} …\n`);
    const cluster = await startCluster(programs);
    try {
      process.exitCode = runTests(cluster.kubeconfig);
    } finally {
      await cluster.stop();
    }
  }
}
