/** What stands in YAML. */
export type Json = string | number | boolean | null | readonly Json[] | Fields;

/** Members of an object in a manifest, in the order in which they are written. */
export interface Fields {
  readonly [name: string]: Json;
}

/** An object of Kubernetes as it is applied. */
export interface Manifest extends Fields {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Fields & { readonly name: string };
}

/** Where everything of ours is that has a namespace. Other parts of the mesh know it: it is not to be chosen. */
export const NAMESPACE = 'nodemesh-system';
export const CONTROLLER = 'nodemesh-controller';
export const ZTUNNEL = 'ztunnel';
/** The name in the controller's certificate. */
export const CONTROLLER_HOST = `${CONTROLLER}.${NAMESPACE}.svc`;

/** By which everything of ours is found again; `app.kubernetes.io/name` and the component choose pods. */
export function labelsOf(component: string): Fields {
  return { ...selectorOf(component), 'app.kubernetes.io/part-of': 'nodemesh', ...MANAGED };
}

/** Labels of the pods of one component, by which they are selected: these never change. */
export function selectorOf(component: string): Fields {
  return { 'app.kubernetes.io/name': 'nodemesh', 'app.kubernetes.io/component': component };
}

/** Of an object that belongs to no namespace; `component` is the part of the mesh that it is for, by which selectors find it. */
export function clusterMeta(name: string, component: string): Manifest['metadata'] {
  return { name, labels: labelsOf(component) };
}

/** Of an object in the mesh's own namespace; `component` as for `clusterMeta`. */
export function meta(name: string, component: string): Manifest['metadata'] {
  return { name, namespace: NAMESPACE, labels: labelsOf(component) };
}

const MANAGED = { 'app.kubernetes.io/managed-by': 'nodemesh' };
