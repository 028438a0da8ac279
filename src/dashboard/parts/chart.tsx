import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { isDark } from '../app/theme.ts';
import { formatClock } from '../format/time.ts';

/** One line of a chart. */
export interface Line {
  readonly label: string;
  /** One per time; undefined where nothing was measured. */
  readonly values: readonly (number | undefined)[];
  /** Name of the colour's custom property. */
  readonly colour: string;
  readonly isFilled?: boolean;
}

interface ChartProps {
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
}

/** Lines over time. The figures of its last step stand beside it as text, for those who do not see it. */
export function Chart({ title, times, lines, format }: ChartProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const dark = isDark.value;
  const names = lines.map((line) => line.label).join();
  // Drawn anew for other lines or colours; figures come by setData.
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const drawn = new UPlot(optionsOf(element, lines, format), dataOf(times, lines), element);
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    plot.current = drawn;
    return () => {
      observer.disconnect();
      drawn.destroy();
    };
  }, [names, dark]);
  useEffect(() => {
    plot.current?.setData(dataOf(times, lines));
  }, [times, lines]);
  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong>
        {lines.map((line) => {
          const last = line.values.findLast((value) => value !== undefined);
          return (
            <span key={line.label} class="legend">
              <span class="legend-mark" aria-hidden="true" style={{ background: `var(${line.colour})` }} />
              {line.label} <b>{last === undefined ? '–' : format(last)}</b>
            </span>
          );
        })}
      </figcaption>
      <div ref={frame} aria-hidden="true" />
    </figure>
  );
}

function optionsOf(
  element: HTMLElement,
  lines: readonly Line[],
  format: (value: number) => string,
): UPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name);
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, size: 24, values: (_, ticks) => timesOf(ticks) },
      { ...axis, size: 58, values: (_, ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: colour(line.colour),
        width: 1.75,
        points: { show: false },
        ...(line.isFilled === true ? { fill: `${colour(line.colour)}26` } : {}),
      })),
    ],
  };
}

/** Seconds are told where a minute is all there is. */
function timesOf(ticks: readonly number[]): string[] {
  const isShort = (ticks.at(-1) ?? 0) - (ticks[0] ?? 0) < 120;
  return ticks.map((tick) => formatClock(tick * 1_000).slice(0, isShort ? 8 : 5));
}

function dataOf(times: readonly number[], lines: readonly Line[]): UPlot.AlignedData {
  return [
    times.map((time) => time / 1_000),
    ...lines.map((line) => line.values.map((value) => value ?? null)),
  ];
}

const HEIGHT = 150;
