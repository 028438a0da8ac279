import type { JSX } from 'preact';
import { linkTo } from '../app/router.ts';
import { useAnswer } from '../data/resource.ts';
import { NOTHING } from '../format/numbers.ts';

/** Where the dashboards of nodes are, by the node's name: as far as the controller was told, and on its page alone. */
export function useNodeDashboards(): ReadonlyMap<string, string> {
  const { data } = useAnswer('/api/v1/proxies', {}, 10_000);
  const known = (data?.proxies ?? []).filter(
    ({ kind, dashboardUrl }) => kind === 'ztunnel' && dashboardUrl !== '',
  );
  return new Map(known.map(({ node, dashboardUrl }) => [node, dashboardUrl]));
}

/** A node's name, leading to the page of its dashboard where that is known. */
export function NodeName(props: {
  readonly node: string;
  readonly dashboards: ReadonlyMap<string, string>;
  /** Page and parameters there, as `linkTo` gives them; default: its overview. */
  readonly place?: string;
}): JSX.Element {
  const url = props.dashboards.get(props.node);
  if (url === undefined) return <>{props.node || NOTHING}</>;
  return <a href={`${url}${props.place ?? ''}`}>{props.node}</a>;
}

/** All nodes whose dashboards are known, the whole mesh's way to each of them. */
export function NodeLinks(): JSX.Element | null {
  const dashboards = useNodeDashboards();
  if (dashboards.size === 0) return null;
  const names = [...dashboards.keys()].sort(NATURAL.compare);
  return (
    <nav class="node-links" aria-label="Dashboards of nodes">
      <span class="muted">Nodes</span>
      {names.slice(0, MOST).map((node) => (
        <NodeName key={node} node={node} dashboards={dashboards} />
      ))}
      {names.length > MOST && <a href="#/proxies">{names.length - MOST} more</a>}
    </nav>
  );
}

/**
 * What a node's page does not know: how requests to these services do, which waypoints refuse and time. Nothing on the page of
 * the mesh, and where no service has a waypoint.
 */
export function SeenByWaypoints(props: { readonly services: readonly string[] }): JSX.Element | null {
  const info = useAnswer('/api/v1/info', {}, 30_000).data;
  const { services } = props;
  if (info?.scope !== 'node' || services.length === 0) return null;
  const names = services.length > 3 ? `${services.length} services` : services.join(', ');
  const subject = `requests to ${names}`;
  const { meshUrl } = info;
  return (
    <p class="node-links muted">
      <span>
        This node sees connections, not what waypoints do with requests. The mesh has those:{' '}
        {meshUrl === '' ? subject : <a href={`${meshUrl}${linkTo('overview')}`}>{subject}</a>}
      </span>
    </p>
  );
}

const MOST = 12;
const NATURAL = new Intl.Collator('en', { numeric: true });
