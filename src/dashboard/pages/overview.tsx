import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Topology } from '../../model/index.ts';
import { linkTo } from '../app/router.ts';
import { now } from '../data/clock.ts';
import { useRefusals, useTopology, useWorkloads } from '../data/feeds.ts';
import { formatByteRate, formatLatency, formatPercent, formatRate, NOTHING } from '../format/numbers.ts';
import { EdgeTable } from '../graph/edge-table.tsx';
import { type Graph, graphOf } from '../graph/graph.ts';
import { GraphView } from '../graph/graph-view.tsx';
import { shapeGraph } from '../graph/shape-graph.ts';
import { AttentionList } from '../parts/attention-list.tsx';
import { Answered, Nothing } from '../parts/answered.tsx';
import { NodeLinks, SeenByWaypoints } from '../parts/elsewhere.tsx';
import { RefusalList } from '../parts/refusal-list.tsx';
import { chosenWindow, WindowChoice } from '../parts/toolbar.tsx';
import { edgeHealth, volumeOf } from '../traffic/health.ts';
import { type Summary, summarize } from '../traffic/summarize.ts';

/** Who talks to whom, how well, and what fails by which rule: to be seen within ten seconds. */
export function OverviewPage(): JSX.Element {
  return <Answered of={useTopology(chosenWindow())}>{(topology) => <Overview of={topology} />}</Answered>;
}

function Overview({ of }: { readonly of: Topology }): JSX.Element {
  const graph = useMemo(
    () => shapeGraph(of, { namespace: '', search: '', servicesApart: false, most: 24 }),
    [of],
  );
  const summary = useMemo(() => summarize(graphOf(of), graph), [graph]);
  return (
    <>
      <div class={`verdict verdict-${summary.health}`}>
        <p>{summary.sentence}</p>
        <WindowChoice />
      </div>
      <NodeLinks />
      <SeenByWaypoints services={behindWaypoints(of)} />
      <Tiles of={summary} />
      <div class="overview">
        <section class="card overview-graph" aria-labelledby="who">
          <h2 id="who">Who talks to whom</h2>
          {graph.nodes.length === 0 ? (
            <Nothing>
              Nobody has talked to anybody in the last {chosenWindow() / 60} min. Widen the window, or make
              some traffic.
            </Nothing>
          ) : (
            <GraphView label="Who talks to whom" graph={graph} chosen="" onChoose={choose} aspect={1.35} />
          )}
        </section>
        <div class="overview-fails">
          <AttentionList seconds={chosenWindow()} />
          <RecentRefusals />
        </div>
        {graph.edges.length > 0 && (
          <section class="card overview-edges" aria-label="Edges">
            <EdgeTable
              title="Edges, the failing ones first"
              graph={graph}
              isAsGiven
              edges={failingFirst(graph)}
              onChoose={choose}
            />
          </section>
        )}
      </div>
    </>
  );
}

function Tiles({ of: { rates, isIdle, health } }: { readonly of: Summary }): JSX.Element {
  const workloads = useWorkloads().data?.workloads;
  const inMesh = workloads?.filter((workload) => workload.protocol === 'HBONE').length;
  return (
    <dl class="tiles">
      <Tile name="Success" value={isIdle ? NOTHING : formatPercent(rates.success)} tone={health} />
      <Tile name="Requests" value={formatRate(rates.requests)} />
      <Tile name="Connects" value={formatRate(rates.connects)} />
      <Tile name="Slowest p99" value={formatLatency(rates.p99Ms)} />
      <Tile name="Refused" value={formatRate(rates.refused)} tone={rates.refused > 0 ? 'warn' : undefined} />
      <Tile name="Failed" value={formatRate(rates.failed)} tone={rates.failed > 0 ? 'bad' : undefined} />
      <Tile name="Bandwidth" value={formatByteRate(rates.sentBytes + rates.receivedBytes)} />
      <Tile
        name="Pods in mesh"
        value={workloads === undefined ? NOTHING : `${inMesh} of ${workloads.length}`}
      />
    </dl>
  );
}

function Tile(props: {
  readonly name: string;
  readonly value: string;
  readonly tone?: string | undefined;
}): JSX.Element {
  return (
    <div class="tile">
      <dt>{props.name}</dt>
      <dd class={props.tone === undefined ? undefined : `tone-text-${props.tone}`}>{props.value}</dd>
    </div>
  );
}

/** Apart from the graph, which does not change each second as ages do. */
function RecentRefusals(): JSX.Element {
  const since = now.value - chosenWindow() * 1_000;
  return (
    <section class="card" aria-labelledby="what-fails">
      <h2 id="what-fails">What fails, and by which rule</h2>
      <Answered of={useRefusals()}>
        {(refusals) => <RefusalList refusals={refusals.filter(({ atMs }) => atMs >= since)} most={6} />}
      </Answered>
    </section>
  );
}

/** Leads to an edge or node of the topology. */
function choose(id: string): void {
  location.hash = linkTo('topology', { chosen: id, window: `${chosenWindow()}` }).slice(1);
}

/** Services of the graph that are reached through waypoints. */
function behindWaypoints({ nodes }: Topology): readonly string[] {
  return nodes.filter(({ kind, waypoint }) => kind === 'service' && waypoint !== '').map(({ name }) => name);
}

function failingFirst({ edges }: Graph): Graph['edges'] {
  const rank = (edge: Graph['edges'][number]): number => HEALTHS.indexOf(edgeHealth(edge));
  return [...edges].sort((a, b) => rank(b) - rank(a) || volumeOf(b.rates) - volumeOf(a.rates));
}

const HEALTHS = ['idle', 'good', 'warn', 'bad'] as const;
