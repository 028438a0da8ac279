import type { HttpRoute, Route } from '../../../src/model/index.ts';
import { serviceObject, type TestMesh } from './mesh-of.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A reference to a Service as a parent. */
export const parent = (name = 'cart', rest: Json = {}): Json => ({
  group: '',
  kind: 'Service',
  name,
  ...rest,
});

/** A route, by default for the Service cart. */
export const route = (
  kind: string,
  spec: Json,
  name = 'r',
  namespace = 'shop',
  metadata: Json = {},
): Json => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind,
  metadata: { name, namespace, generation: 3, ...metadata },
  spec: { parentRefs: [parent()], ...spec },
});

export const backend = { name: 'cart', port: 80 };
export const BASE = [
  serviceObject('shop', 'cart', [80, 8080]),
  serviceObject('shop', 'pay'),
  serviceObject('bank', 'vault'),
];
export const CART = 'shop/cart.shop.svc.domain.suffix';
export const SOUND = ['Accepted True Accepted', 'ResolvedRefs True ResolvedRefs'];

export function routeOf(mesh: TestMesh, key = 'HTTPRoute/shop/r'): Route {
  const found = mesh.collections.routes.get(key);
  if (found === undefined) throw new Error(`no route ${key}: ${JSON.stringify(conditions(mesh, key))}`);
  return found;
}

export function httpRule(mesh: TestMesh, key?: string): HttpRoute['rules'][number] {
  const [rule] = (routeOf(mesh, key) as HttpRoute).rules;
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

/** `Accepted True Accepted` and so on, of the first parent. */
export function conditions(mesh: TestMesh, key = 'HTTPRoute/shop/r'): readonly string[] {
  const status = mesh.collections.routeStatuses.get(key)?.parents[0];
  return (status?.conditions ?? []).map(({ type, status: value, reason }) => `${type} ${value} ${reason}`);
}

export function message(mesh: TestMesh, type: string, key = 'HTTPRoute/shop/r'): string {
  const status = mesh.collections.routeStatuses.get(key)?.parents[0];
  return status?.conditions.find((condition) => condition.type === type)?.message ?? '';
}
