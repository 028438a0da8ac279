import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

/** A Deployment, as far as the mesh cares: whether one that it made is still there, and how many of its pods are ready. */
export interface DeploymentObject {
  readonly kind: 'Deployment';
  readonly meta: ObjectMeta;
  readonly readyReplicas: number;
}

/** No ready pods where the status does not tell. */
export function parseDeployment(root: Field, defaultNamespace: string): DeploymentObject {
  return {
    kind: 'Deployment',
    meta: parseObjectMeta(root, { fallback: defaultNamespace }),
    readyReplicas: root.key('status').object().key('readyReplicas').integer() ?? 0,
  };
}
