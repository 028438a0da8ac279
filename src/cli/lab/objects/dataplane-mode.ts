import type { Terminal } from '../../terminal/index.ts';

const LABELS = ['istio.io/dataplane-mode', 'nodemesh.io/dataplane-mode'];
const MODES: readonly unknown[] = ['ambient', 'none', null, undefined];

/** A misspelt mode enrols nobody, and Kubernetes takes it like any other label: say so. */
export function warnOfModes(
  { stderr, colours }: Pick<Terminal, 'stderr' | 'colours'>,
  labels: Readonly<Record<string, unknown>>,
): void {
  for (const name of LABELS) {
    const mode = labels[name];
    if (MODES.includes(mode)) continue;
    stderr.write(
      `${colours.red('warning:')} ${name}: expected ambient or none, got ${JSON.stringify(mode)}: it has no effect\n`,
    );
  }
}
