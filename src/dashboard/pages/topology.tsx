import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Topology } from '../../model/index.ts';
import { place, setParameters } from '../app/router.ts';
import { useRefusals, useTopology } from '../data/feeds.ts';
import { Details } from '../graph/details.tsx';
import { EdgeTable } from '../graph/edge-table.tsx';
import { GraphView } from '../graph/graph-view.tsx';
import { shapeGraph } from '../graph/shape-graph.ts';
import { Answered, Nothing } from '../parts/answered.tsx';
import { chosenWindow, NamespaceChoice, SearchField, Toolbar, WindowChoice } from '../parts/toolbar.tsx';

/** The graph of services and workloads, and the details of what is chosen in it. */
export function TopologyPage(): JSX.Element {
  return <Answered of={useTopology(chosenWindow())}>{(topology) => <TopologyOf of={topology} />}</Answered>;
}

function TopologyOf({ of }: { readonly of: Topology }): JSX.Element {
  const refusals = useRefusals().data ?? [];
  const { namespace = '', search = '', chosen = '', services = '' } = place.value.parameters;
  const choose = (id: string): void => setParameters({ chosen: id });
  const servicesApart = services === 'apart';
  const graph = useMemo(
    () => shapeGraph(of, { namespace, search, servicesApart, most: MOST_NODES }),
    [of, namespace, search, servicesApart],
  );
  return (
    <>
      <Toolbar>
        <WindowChoice />
        <NamespaceChoice namespaces={of.nodes.map((node) => node.namespace)} />
        <SearchField label="Search" />
        <label class="check">
          <input
            type="checkbox"
            checked={servicesApart}
            onChange={() => setParameters({ services: servicesApart ? '' : 'apart' })}
          />
          <span>Services apart</span>
        </label>
        <span class="muted" role="status">
          {graph.nodes.length} nodes, {graph.edges.length} edges
        </span>
      </Toolbar>
      <div class={chosen === '' ? 'with-panel' : 'with-panel open'}>
        <section class="card" aria-label="Graph">
          {graph.nodes.length === 0 ? (
            <Nothing>No traffic that fits. Widen the window, or take filters away.</Nothing>
          ) : (
            <GraphView label="Topology" graph={graph} chosen={chosen} onChoose={choose} />
          )}
          <Legend />
        </section>
        {chosen !== '' && (
          <Details
            graph={graph}
            chosen={chosen}
            refusals={refusals}
            onChoose={choose}
            onClose={() => choose('')}
          />
        )}
      </div>
      {graph.edges.length > 0 && (
        <section class="card" aria-label="Edges">
          <EdgeTable title="All edges" graph={graph} edges={graph.edges} onChoose={choose} />
        </section>
      )}
    </>
  );
}

function Legend(): JSX.Element {
  return (
    <ul class="graph-legend" aria-label="Legend">
      <li class="tone-text-good">— 99.9 % and more succeed</li>
      <li class="tone-text-warn">- - 95 % and more</li>
      <li class="tone-text-bad">··· less</li>
      <li>Lock: both ends proved who they are</li>
      <li>Flag: behind a waypoint</li>
    </ul>
  );
}

/** More cannot be read; they are put together by namespace. */
const MOST_NODES = 60;
