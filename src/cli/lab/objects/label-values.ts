import type { Terminal } from '../../terminal/index.ts';

interface LabelValues {
  readonly label: string;
  readonly values: readonly [string, string];
  /** What becomes of any other value. */
  readonly otherwise: string;
}

const KNOWN: readonly LabelValues[] = [
  { label: 'istio.io/dataplane-mode', values: ['ambient', 'none'], otherwise: 'it has no effect' },
  { label: 'nodemesh.io/dataplane-mode', values: ['ambient', 'none'], otherwise: 'it has no effect' },
  { label: 'nodemesh.io/waypoint-failure', values: ['refuse', 'open'], otherwise: 'it stands for refuse' },
  { label: 'nodemesh.io/waypoint-bypass', values: ['count', 'refuse'], otherwise: 'it stands for count' },
];

/** Kubernetes takes a misspelt value like any other, and nobody would see that it means something else: say so. */
export function warnOfLabelValues(
  { stderr, colours }: Pick<Terminal, 'stderr' | 'colours'>,
  labels: Readonly<Record<string, unknown>>,
): void {
  for (const { label, values, otherwise } of KNOWN) {
    const value = labels[label];
    if (typeof value !== 'string' || values.includes(value)) continue;
    stderr.write(
      `${colours.red('warning:')} ${label}: expected ${values.join(' or ')}, got ${JSON.stringify(value)}: ${otherwise}\n`,
    );
  }
}
