import type { JSX } from 'preact';
import { formatLatency, formatRate } from '../format/numbers.ts';
import { Badge, Lock, Success } from '../parts/badge.tsx';
import { volumeOf } from '../traffic/health.ts';
import type { Graph, GraphEdge } from './graph.ts';
import { Table } from '../parts/table.tsx';

/** Edges as a table: all that the drawing says, for those who rather read, sort or hear it. */
export function EdgeTable(props: {
  readonly title: string;
  readonly graph: Graph;
  readonly edges: readonly GraphEdge[];
  readonly onChoose: (id: string) => void;
  /** In the given order at first; else the busiest first. */
  readonly isAsGiven?: boolean;
}): JSX.Element | null {
  const names = new Map(props.graph.nodes.map((node) => [node.id, node.name]));
  const nameOf = (id: string): string => names.get(id) ?? id;
  if (props.edges.length === 0) return null;
  return (
    <>
      <h3>{props.title}</h3>
      <Table
        caption={props.title}
        rows={props.edges}
        keyOf={(edge) => edge.id}
        {...(props.isAsGiven === true ? {} : { sortedBy: 1 })}
        onOpen={(edge) => props.onChoose(edge.id)}
        columns={[
          {
            label: 'From → to',
            show: (edge) => `${nameOf(edge.from)} → ${nameOf(edge.to)}`,
            sort: (edge) => `${nameOf(edge.from)} ${nameOf(edge.to)}`,
          },
          {
            label: 'Rate',
            isNumber: true,
            show: (edge) => formatRate(volumeOf(edge.rates)),
            sort: (edge) => volumeOf(edge.rates),
          },
          {
            label: 'Success',
            isNumber: true,
            show: (edge) => <Success rates={edge.rates} />,
            sort: (edge) => edge.rates.success,
          },
          {
            label: 'p99',
            isNumber: true,
            show: (edge) => (
              <>
                {edge.slow && <Badge tone="warn">slow</Badge>} {formatLatency(edge.rates.p99Ms)}
              </>
            ),
            sort: (edge) => edge.rates.p99Ms,
          },
          { label: 'mTLS', show: (edge) => <Lock mutualTls={edge.mutualTls} /> },
        ]}
      />
    </>
  );
}
