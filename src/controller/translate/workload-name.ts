import type { ObjectMeta } from '../objects/index.ts';

/** What created the pod, as people call it: the Deployment behind a ReplicaSet, the CronJob behind a Job, else the pod itself. */
export function workloadNameOf(meta: ObjectMeta): string {
  const owner = meta.owners.find((candidate) => candidate.controller);
  if (owner === undefined || owner.name === '') return meta.name;
  switch (owner.kind) {
    case 'ReplicaSet': {
      const hash = meta.labels.get('pod-template-hash') ?? '';
      return hash !== '' && owner.name.endsWith(`-${hash}`)
        ? owner.name.slice(0, -hash.length - 1)
        : owner.name;
    }
    case 'ReplicationController':
      return meta.labels.get('deploymentconfig') ?? owner.name;
    case 'Job':
      // A CronJob appends the scheduled time to the names of its jobs.
      return owner.name.replace(/-\d{8,10}$/, '') || owner.name;
    default:
      return owner.name;
  }
}

/** The service and revision that telemetry calls a workload by. */
export function canonicalServiceOf(
  labels: ReadonlyMap<string, string>,
  workloadName: string,
): { readonly name: string; readonly revision: string } {
  return {
    name: firstOf(labels, CANONICAL_NAME) ?? workloadName,
    revision: firstOf(labels, CANONICAL_REVISION) ?? 'latest',
  };
}

function firstOf(labels: ReadonlyMap<string, string>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = labels.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

const CANONICAL_NAME = [
  'nodemesh.io/canonical-name',
  'service.istio.io/canonical-name',
  'app.kubernetes.io/name',
  'app',
];
const CANONICAL_REVISION = [
  'nodemesh.io/canonical-revision',
  'service.istio.io/canonical-revision',
  'app.kubernetes.io/version',
  'version',
];
