import type { TelemetryFigures } from './measure-telemetry.ts';

/** A row for each figure. */
export function formatTelemetry(figures: readonly TelemetryFigures[]): string {
  const rows = figures.flatMap(({ work, compared }) =>
    compared.map(({ figure, all, failures, more }) => [
      `${work}: ${figure}`,
      ...[all, failures].map((value) => value.toLocaleString('en', { maximumSignificantDigits: 4 })),
      percent(more.median),
      `${percent(more.from)} … ${percent(more.to)}`,
    ]),
  );
  const head = ['', 'all is told', 'failures alone', 'difference', 'half of the pairs'];
  const lines = [head, ['---', ...head.slice(1).map(() => '---:')], ...rows];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

function percent(share: number): string {
  return `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
}
