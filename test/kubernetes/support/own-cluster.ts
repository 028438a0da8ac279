import type { Test } from 'tap';
import { findClusterPrograms } from '../../support/kubernetes-cluster/assets.ts';
import { startCluster, type TestCluster } from '../../support/kubernetes-cluster/start-cluster.ts';
import { needsConformanceData } from '../../support/conformance.ts';

const programs = findClusterPrograms(process.env);

/** The options of a test that needs a cluster of its own: a loud skip where no API server can be started. */
export function needsOwnCluster(): { skip?: string } {
  if (typeof programs !== 'string') return needsConformanceData();
  const skip = `SKIPPED, NOT PASSED: ${programs}`;
  process.stderr.write(`\n*** ${skip}\n\n`);
  return { skip };
}

/** A control plane that the test may break; it ends with the test. */
export async function startOwnCluster(t: Test): Promise<TestCluster> {
  if (typeof programs === 'string') throw new Error(programs);
  const cluster = await startCluster(programs);
  t.teardown(() => cluster.stop());
  return cluster;
}
