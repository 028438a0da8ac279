import type { JSX } from 'preact';
import { linkTo } from '../app/router.ts';
import { useRefusals, useTopology, useWorkloads } from '../data/feeds.ts';
import { formatByteRate, formatLatency, formatPercent, formatRate } from '../format/numbers.ts';
import { graphOf } from '../graph/graph.ts';
import { GraphView } from '../graph/graph-view.tsx';
import { EdgeTable } from '../graph/edge-table.tsx';
import { shapeGraph } from '../graph/shape-graph.ts';
import { AttentionList } from '../parts/attention-list.tsx';
import { Answered, Nothing } from '../parts/answered.tsx';
import { NodeLinks } from '../parts/elsewhere.tsx';
import { RefusalList } from '../parts/refusal-list.tsx';
import { chosenWindow, WindowChoice } from '../parts/toolbar.tsx';
import { edgeHealth, volumeOf } from '../traffic/health.ts';
import { summarize } from '../traffic/summarize.ts';
import { now } from '../data/clock.ts';

/** Who talks to whom, how well, and what fails by which rule: to be seen within ten seconds. */
export function OverviewPage(): JSX.Element {
  const seconds = chosenWindow();
  const topology = useTopology(seconds);
  const refusals = useRefusals();
  const workloads = useWorkloads().data?.workloads ?? [];
  const inMesh = workloads.filter((workload) => workload.protocol === 'HBONE').length;
  return (
    <Answered of={topology}>
      {(data) => {
        const graph = shapeGraph(data, { namespace: '', search: '', servicesApart: false, most: 24 });
        const summary = summarize(graphOf(data), graph);
        const since = now.value - seconds * 1_000;
        const recent = (refusals.data ?? []).filter((refusal) => refusal.atMs >= since);
        const choose = (id: string): void => {
          location.hash = linkTo('topology', { chosen: id, window: `${seconds}` }).slice(1);
        };
        return (
          <>
            <div class={`verdict verdict-${summary.health}`}>
              <p>{summary.sentence}</p>
              <WindowChoice />
            </div>
            <NodeLinks />
            <dl class="tiles">
              <Tile
                name="Success"
                value={summary.isIdle ? '–' : formatPercent(summary.rates.success)}
                tone={summary.health}
              />
              <Tile name="Requests" value={formatRate(summary.rates.requests)} />
              <Tile name="Connects" value={formatRate(summary.rates.connects)} />
              <Tile name="Slowest p99" value={formatLatency(summary.rates.p99Ms)} />
              <Tile
                name="Refused"
                value={formatRate(summary.rates.refused)}
                tone={summary.rates.refused > 0 ? 'warn' : undefined}
              />
              <Tile
                name="Failed"
                value={formatRate(summary.rates.failed)}
                tone={summary.rates.failed > 0 ? 'bad' : undefined}
              />
              <Tile
                name="Bandwidth"
                value={formatByteRate(summary.rates.sentBytes + summary.rates.receivedBytes)}
              />
              <Tile name="Pods in mesh" value={`${inMesh} of ${workloads.length}`} />
            </dl>
            <AttentionList seconds={seconds} />
            <div class="columns">
              <section class="card" aria-labelledby="who">
                <h2 id="who">Who talks to whom</h2>
                {graph.nodes.length === 0 ? (
                  <Nothing>
                    Nobody has talked to anybody in the last {seconds / 60} min. Widen the window, or make
                    some traffic.
                  </Nothing>
                ) : (
                  <GraphView
                    label="Who talks to whom"
                    graph={graph}
                    chosen=""
                    onChoose={choose}
                    aspect={1.35}
                  />
                )}
              </section>
              <section class="card" aria-labelledby="what-fails">
                <h2 id="what-fails">What fails, and by which rule</h2>
                <Answered of={refusals}>{() => <RefusalList refusals={recent} most={6} />}</Answered>
              </section>
            </div>
            {graph.edges.length > 0 && (
              <section class="card" aria-label="Edges">
                <EdgeTable
                  title="Edges, the failing ones first"
                  isAsGiven
                  graph={graph}
                  edges={[...graph.edges].sort(
                    (a, b) => healthRank(b) - healthRank(a) || volumeOf(b.rates) - volumeOf(a.rates),
                  )}
                  onChoose={choose}
                />
              </section>
            )}
          </>
        );
      }}
    </Answered>
  );
}

function healthRank(edge: Parameters<typeof edgeHealth>[0]): number {
  return ['idle', 'good', 'warn', 'bad'].indexOf(edgeHealth(edge));
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
