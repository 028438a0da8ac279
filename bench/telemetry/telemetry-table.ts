import type { TelemetryFigures } from './measure-telemetry.ts';

/** A row for each figure. */
export function formatTelemetry(figures: readonly TelemetryFigures[]): string {
  const rows = figures.flatMap(({ work, compared }) =>
    compared.map(({ side, figure, told, failures, more }) => [
      `${work}: ${figure}`,
      side,
      ...[told, failures].map((value) => value.toLocaleString('en', { maximumSignificantDigits: 4 })),
      percent(more.median),
      `${percent(more.from)} … ${percent(more.to)}`,
    ]),
  );
  const head = ['', 'what is told', 'then', 'failures alone', 'difference', 'half of the rounds'];
  const lines = [head, ['---', '---', ...head.slice(2).map(() => '---:')], ...rows];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

function percent(share: number): string {
  return `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
}
