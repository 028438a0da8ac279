import type { Rates, ServiceProblem } from '../../../model/index.ts';
import type { SlowBackend } from '../../observation/index.ts';

/** A slow workload of a service in words: how slow, beside which others, and who saw it. */
export function slowProblem({
  workload,
  what,
  waypoint,
  rates,
  others,
  service,
}: SlowBackend): ServiceProblem {
  const beside = others === undefined ? '' : `; the other workloads of ${service} in ${timesText(others)}`;
  const seenBy = waypoint === '' ? '' : `, as waypoint ${waypoint} sees it`;
  const does = what === 'requests' ? 'is slow: it answers in' : 'is slow: it takes connections in';
  return {
    kind: 'slow',
    workload,
    message: `${workload} ${does} ${timesText(rates)}${beside}${seenBy}`,
    hint:
      what === 'requests'
        ? 'look at what it does and waits for: its log, its processor; a timeout in an HTTPRoute bounds how long callers wait'
        : 'look at its node and whether the application accepts: nodemesh top',
  };
}

function timesText({ p50Ms, p99Ms }: Rates): string {
  return `${durationText(p50Ms)} (p50; p99 ${durationText(p99Ms)})`;
}

function durationText(ms = 0): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}
