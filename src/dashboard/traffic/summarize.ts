import type { Rates } from '../../model/index.ts';
import { formatByteRate, formatPercent } from '../format/numbers.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { type Health, healthOf, volumeOf } from './health.ts';
import { mergeRates } from './merge-rates.ts';

/** How everything goes. */
export interface Summary {
  readonly health: Health;
  readonly isIdle: boolean;
  /** For people: what matters most. */
  readonly sentence: string;
  /** Of all traffic, each call once. */
  readonly rates: Rates;
}

/**
 * How everything goes, in a sentence that names the worst edge of the drawn graph. Calls to a service are counted on their
 * way to it, not again on the way from it to the workload that answered.
 */
export function summarize(whole: Graph, drawn: Graph): Summary {
  const kinds = new Map(whole.nodes.map((node) => [node.id, node.kind]));
  const rates = mergeRates(
    whole.edges.filter((edge) => kinds.get(edge.from) !== 'service').map((edge) => edge.rates),
  );
  const health = healthOf(rates);
  return { health, isIdle: volumeOf(rates) === 0, sentence: sentenceOf(rates, drawn), rates };
}

function sentenceOf(rates: Rates, drawn: Graph): string {
  if (volumeOf(rates) === 0) {
    const bytes = rates.sentBytes + rates.receivedBytes;
    return bytes === 0
      ? 'No traffic in this window.'
      : `Nothing new in this window; what is open carries ${formatByteRate(bytes)}.`;
  }
  const names = new Map(drawn.nodes.map((node) => [node.id, node]));
  const failing = drawn.edges
    .filter((edge) => edge.rates.refused + edge.rates.failed > 0)
    .sort((a, b) => b.rates.refused + b.rates.failed - (a.rates.refused + a.rates.failed));
  const [worst] = failing;
  if (worst === undefined)
    return rates.success === 1 ? 'Everything gets through.' : `${formatPercent(rates.success)} gets through.`;
  const what = worst.rates.refused >= worst.rates.failed ? 'Refused most' : 'Failing most';
  const others = failing.length - 1;
  const more = others === 0 ? '' : others === 1 ? '; one more edge fails' : `; ${others} more edges fail`;
  const ends = `${nameOf(names.get(worst.from), worst.from)} → ${nameOf(names.get(worst.to), worst.to)}`;
  return `${formatPercent(rates.success)} gets through. ${what}: ${ends}${more}.`;
}

function nameOf(node: GraphNode | undefined, id: string): string {
  return node?.name ?? id;
}
