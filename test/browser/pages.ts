import { TRACE_ID } from '../support/dashboard-api/shop-mesh.ts';

interface PageUnderTest {
  readonly place: string;
  /** A text that only its real content has. */
  readonly shows: string;
  /** Where there is such a page; everywhere when absent. */
  readonly scope?: 'node' | 'mesh';
  /** False where it asks nothing, and only listens. */
  readonly asks?: boolean;
}

/** Every page. */
export const PAGES: readonly PageUnderTest[] = [
  { place: 'overview', shows: 'shop/payments-from-cart, no rule matched' },
  { place: 'topology', shows: 'Services apart' },
  { place: 'topology?chosen=workload/shop/cart', shows: 'Called by' },
  { place: 'refusals', shows: 'waypoint/shop/waypoint-7d4f9' },
  { place: 'workloads', shows: 'shop/sa/frontend' },
  { place: 'workloads?chosen=cluster.local//Pod/shop/cart-1', shows: 'millicores' },
  { place: 'services', shows: '10.96.0.11' },
  { place: 'connections', shows: 'Open connections' },
  { place: 'requests', shows: '/shop.Catalog/List', scope: 'mesh', asks: false },
  { place: 'waypoints', shows: '10.244.2.7:8080' },
  { place: 'policies', shows: 'nobody-from-outside' },
  { place: 'certificates', shows: 'CN=nodemesh root, O=cluster.local' },
  { place: 'proxies', shows: 'has not acknowledged a push for 42 s', scope: 'mesh' },
  { place: `trace?id=${TRACE_ID}`, shows: 'try 2 at cart-1, answered with 200' },
];

/** Those that the dashboard of a node or of the mesh has. */
export function pagesOf(scope: 'node' | 'mesh'): readonly PageUnderTest[] {
  return PAGES.filter((page) => page.scope === undefined || page.scope === scope);
}
