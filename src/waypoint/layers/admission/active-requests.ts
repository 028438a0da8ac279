import type { IpAddress } from '../../../model/index.ts';
import { WaypointError } from '../../errors.ts';
import type { Layer } from '../../request/layer.ts';

/**
 * Bounds the requests that a process has under way, from their head to the last byte of their answer: each holds some 45 KB
 * even when it waits for nothing but its client. One pod alone has at most half of them, so that it cannot take all.
 */
export function createActiveRequestsLayer(limit: number): Layer {
  const perClient = Math.max(1, Math.floor(limit / 2));
  const active = new Map<IpAddress, number>();
  let total = 0;
  return (next) => (request, context) => {
    const { address } = context.client;
    const own = active.get(address) ?? 0;
    if (total >= limit) return Promise.reject(overloaded(`${limit} requests are under way`));
    if (own >= perClient)
      return Promise.reject(overloaded(`${perClient} requests of ${address} are under way`));
    total += 1;
    active.set(address, own + 1);
    context.onEnd(() => {
      total -= 1;
      const left = (active.get(address) ?? 1) - 1;
      if (left === 0) active.delete(address);
      else active.set(address, left);
    });
    return next(request, context);
  };
}

function overloaded(message: string): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_OVERLOADED',
    blame: 'downstream',
    message,
    retryable: true,
    hint: '--max-active-requests is the limit; more waypoints share the load',
  });
}
