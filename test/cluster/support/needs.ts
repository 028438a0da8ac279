import { existsSync } from 'node:fs';
import { CLUSTER_PROGRAMS, findClusterPrograms } from '../../support/kubernetes-cluster/assets.ts';
import { clusterPrograms, filesOf } from '../../support/kubernetes-cluster/go-programs.ts';
import { missingForImages } from '../../image/support/tools.ts';

/** Why no cluster with nodes can be run here; undefined: it can. */
export function missingForCluster(environment: NodeJS.ProcessEnv): string | undefined {
  const programs = findClusterPrograms(environment);
  if (typeof programs === 'string') return programs;
  const missing = clusterPrograms(CLUSTER_PROGRAMS)
    .flatMap((each) => filesOf(each))
    .filter((file) => !existsSync(file));
  if (missing.length > 0) return `${missing.join(', ')} are not there: npm run build:cluster makes them`;
  return missingForImages(environment) ?? (existsSync(RUNC) ? undefined : 'apt-get install runc');
}

/** A folder with archives of images, and what the mesh's is called. */
export interface ClusterImages {
  readonly folder: string;
  readonly mesh: string;
}

/** What `npm run test:cluster` has made; else the options of a test that is skipped, loudly. */
export function clusterImages(): ClusterImages | { readonly skip: string } {
  const { NODEMESH_TEST_CLUSTER: text } = process.env;
  if (text !== undefined) return JSON.parse(text) as ClusterImages;
  const skip = 'SKIPPED, NOT PASSED: npm run test:cluster makes what this needs';
  process.stderr.write(`\n*** ${skip}\n\n`);
  return { skip };
}

const RUNC = '/usr/sbin/runc';
