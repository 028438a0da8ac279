import type { AnalysisLevel, Finding } from '../../../controller/index.ts';
import { type Colours, printable } from '../../terminal/index.ts';
import { describeObject, type Report } from './report.ts';

/** Per finding a line of aligned columns, what is wrong, and what to do about it; at the end how many there are. */
export function formatText({ findings, objects }: Report, colours: Colours): string {
  const rows = findings.map((found) => [
    found.definition.level,
    found.definition.code,
    printable(describeObject(found)),
    printable(placeOf(found)),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const indent = ' '.repeat((widths[0] ?? 0) + 1);
  const blocks = findings.map((found, index) => {
    const [level = '', ...rest] = rows[index] ?? [];
    const columns = rest.map((cell, column) => cell.padEnd(widths[column + 1] ?? 0)).join(' ');
    const head = `${paint(found.definition.level, colours)(level.padEnd(widths[0] ?? 0))} ${colours.bold(columns.trimEnd())}`;
    const hint = colours.dim(`hint: ${found.definition.hint}`);
    return `${head}\n${indent}${printable(found.text)}\n${indent}${hint}\n`;
  });
  return `${blocks.join('')}${summary(findings, objects)}\n`;
}

function placeOf({ object, path }: Finding): string {
  const place = object.locate(path);
  return place === undefined ? '' : `${place.file}:${place.line}`;
}

function summary(findings: readonly Finding[], objects: number): string {
  const looked = `${objects} ${objects === 1 ? 'object' : 'objects'} looked at`;
  if (findings.length === 0) return `${looked}: nothing found`;
  const counts = (['error', 'warning', 'info'] as const).flatMap((level) => {
    const count = findings.filter(({ definition }) => definition.level === level).length;
    return count === 0 ? [] : [`${count} ${level}${count === 1 ? '' : 's'}`];
  });
  return `${looked}: ${counts.join(', ')}`;
}

function paint(level: AnalysisLevel, colours: Colours): (text: string) => string {
  if (level === 'error') return colours.red;
  return level === 'warning' ? colours.yellow : colours.cyan;
}
