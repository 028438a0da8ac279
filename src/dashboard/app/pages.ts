import type { ComponentType } from 'preact';
import type { ApiInfo } from '../../model/index.ts';
import { CertificatesPage } from '../pages/certificates.tsx';
import { ConnectionsPage } from '../pages/connections.tsx';
import { OverviewPage } from '../pages/overview.tsx';
import { PoliciesPage } from '../pages/policies.tsx';
import { ProxiesPage } from '../pages/proxies.tsx';
import { RefusalsPage } from '../pages/refusals.tsx';
import { RequestsPage } from '../pages/requests.tsx';
import { ServicesPage } from '../pages/services.tsx';
import { TopologyPage } from '../pages/topology.tsx';
import { TracePage } from '../pages/trace.tsx';
import { WaypointsPage } from '../pages/waypoints.tsx';
import { WorkloadsPage } from '../pages/workloads.tsx';
import type { IconName } from '../parts/icons.tsx';

/** A page, and where it is to be found. */
export interface Page {
  /** As in the address and as the name of its drawing. */
  readonly name: IconName;
  readonly title: string;
  readonly Content: ComponentType;
  /** Where it has something to show; everywhere when absent. */
  readonly scope?: ApiInfo['scope'];
}

/** All pages, in the order of the navigation. */
export const PAGES: readonly Page[] = [
  { name: 'overview', title: 'Overview', Content: OverviewPage },
  { name: 'topology', title: 'Topology', Content: TopologyPage },
  { name: 'refusals', title: 'Refusals', Content: RefusalsPage },
  { name: 'workloads', title: 'Workloads', Content: WorkloadsPage },
  { name: 'services', title: 'Services', Content: ServicesPage },
  { name: 'connections', title: 'Connections', Content: ConnectionsPage, scope: 'node' },
  { name: 'requests', title: 'Requests', Content: RequestsPage, scope: 'mesh' },
  { name: 'waypoints', title: 'Waypoints', Content: WaypointsPage },
  { name: 'policies', title: 'Policies', Content: PoliciesPage },
  { name: 'certificates', title: 'Certificates', Content: CertificatesPage },
  { name: 'proxies', title: 'Proxies', Content: ProxiesPage, scope: 'mesh' },
  { name: 'trace', title: 'Trace', Content: TracePage },
];
