import { InvalidArgumentError } from 'commander';
import type { TapEvent, Verdict } from './tap-event.ts';

/** What is wanted; undefined means any. Those about requests leave connections out. */
export interface TapFilter {
  /** Of either end. */
  readonly namespace: string | undefined;
  /** Of either end, or the service's name. */
  readonly workload: string | undefined;
  readonly verdict: Verdict | undefined;
  readonly method: string | undefined;
  readonly path: PathPattern | undefined;
  readonly status: StatusPattern | undefined;
}

/** `/orders` or, with a star at its end, everything that begins so. */
export interface PathPattern {
  readonly text: string;
  readonly isPrefix: boolean;
}

/** From, to: both included. */
export interface StatusPattern {
  readonly from: number;
  readonly to: number;
}

/** What is common to what `tap` and `logs` filter. */
export type Filtered = Pick<TapEvent, 'verdict' | 'request'> & {
  readonly namespaces: readonly string[];
  readonly names: readonly string[];
};

/** Whether all that is wanted holds. */
export function matches(filter: TapFilter, seen: Filtered): boolean {
  const { namespace, workload, verdict } = filter;
  if (namespace !== undefined && !seen.namespaces.includes(namespace)) return false;
  if (workload !== undefined && !seen.names.some((name) => isNamed(workload, name))) return false;
  if (verdict !== undefined && seen.verdict !== verdict) return false;
  return matchesRequest(filter, seen.request);
}

/** What of an event is filtered. */
export function filteredOf({ verdict, request, source, destination, service }: TapEvent): Filtered {
  const pods = [source.workload, destination.workload];
  return {
    verdict,
    request,
    namespaces: [source.namespace, destination.namespace, service?.namespace ?? ''],
    names: service === undefined ? pods : [...pods, service.name],
  };
}

function matchesRequest({ method, path, status }: TapFilter, request: TapEvent['request']): boolean {
  if (method === undefined && path === undefined && status === undefined) return true;
  if (request === undefined) return false;
  if (method !== undefined && request.method.toUpperCase() !== method.toUpperCase()) return false;
  if (path !== undefined && !matchesPath(path, request.path)) return false;
  return status === undefined || (status.from <= request.status && request.status <= status.to);
}

/** `cart` names the workload, and its pods `cart-…` where a pod is all that is known. */
function isNamed(wanted: string, name: string): boolean {
  return (
    name === wanted ||
    (name.startsWith(`${wanted}-`) && /^-[a-z0-9]+(-[a-z0-9]+)?$/.test(name.slice(wanted.length)))
  );
}

function matchesPath({ text, isPrefix }: PathPattern, path: string): boolean {
  return isPrefix ? path.startsWith(text) : path === text;
}

/** Throws InvalidArgumentError, which commander prints. */
export function pathPattern(text: string): PathPattern {
  if (!text.startsWith('/') && text !== '*')
    throw new InvalidArgumentError("expected a path such as /orders, or '/orders/*' for all below");
  return text.endsWith('*') ? { text: text.slice(0, -1), isPrefix: true } : { text, isPrefix: false };
}

/** `503`, `5xx` or `400-499`. Throws InvalidArgumentError, which commander prints. */
export function statusPattern(text: string): StatusPattern {
  const [, digit] = /^([1-5])xx$/i.exec(text) ?? [];
  if (digit !== undefined) return { from: Number(digit) * 100, to: Number(digit) * 100 + 99 };
  const [, from, to = from] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text) ?? [];
  if (from !== undefined) return { from: Number(from), to: Number(to) };
  throw new InvalidArgumentError('expected a status such as 503, a class such as 5xx, or 400-499');
}
