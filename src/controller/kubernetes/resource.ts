/** A kind of object as the API server's paths name it. */
export interface ResourceType {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  /** `pods`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** All objects of a kind, or those of one namespace. */
export interface ResourceCollection {
  readonly resource: ResourceType;
  /** Default: all namespaces. */
  readonly namespace?: string | undefined;
}

/** One object, or a part of it that has a path of its own. */
export interface ResourceTarget extends ResourceCollection {
  readonly name: string;
  /** `status`, `token`. */
  readonly subresource?: string | undefined;
}

/** `resourceType('apps/v1', 'deployments', true)`. */
export function resourceType(apiVersion: string, plural: string, namespaced: boolean): ResourceType {
  const slash = apiVersion.indexOf('/');
  const group = slash === -1 ? '' : apiVersion.slice(0, slash);
  return { group, version: apiVersion.slice(slash + 1), plural, namespaced };
}

/** `v1`, `apps/v1`. */
export function apiVersionOf(resource: Pick<ResourceType, 'group' | 'version'>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** Where a group's version is served. */
export function groupVersionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** The path of a collection, or of what is in it. */
export function pathOf(target: ResourceCollection & Partial<ResourceTarget>): string {
  const { resource, namespace, name, subresource } = target;
  const parts = [groupVersionPath(apiVersionOf(resource))];
  if (resource.namespaced && namespace !== undefined) parts.push('namespaces', encodeURIComponent(namespace));
  parts.push(resource.plural);
  if (name !== undefined) parts.push(encodeURIComponent(name));
  if (subresource !== undefined) parts.push(subresource);
  return parts.join('/');
}

/** For messages: `pods shop/cart`, `gateways.gateway.networking.k8s.io`. */
export function describeTarget(target: ResourceCollection & Partial<ResourceTarget>): string {
  const { resource, namespace, name, subresource } = target;
  const kind = `${resource.plural}${resource.group === '' ? '' : `.${resource.group}`}`;
  const path = [namespace, name].filter((part) => part !== undefined).join('/');
  return `${kind}${subresource === undefined ? '' : `/${subresource}`}${path === '' ? '' : ` ${path}`}`;
}
