import type { Clock } from '../../../../base/index.ts';
import type { HttpRequest } from '../../../../http/index.ts';
import type { MirrorFilter } from '../../../../model/index.ts';
import type { Handler, Layer } from '../../../request/layer.ts';
import type { RequestContext } from '../../../request/request-context.ts';
import { createWeightedChoice, type WeightedChoice } from '../../../routing/weighted-choice.ts';
import { sendCopy } from './send-copy.ts';
import { teeBody } from './tee-body.ts';

/** How copies are sent, and how much they may take. */
export interface MirrorLayerOptions {
  readonly clock: Clock;
  /** Sends a copy to its backend, without retries. */
  readonly send: Handler;
  /** How many copies may be under way at once; beyond that requests are not mirrored. Default 1,000. */
  readonly maximumActive?: number;
  /** How much of a body a copy may be behind, in bytes, before it is given up. Default 256 KiB. */
  readonly maximumBehindBytes?: number;
  /** How long a copy may take, in milliseconds. Default 15 s. */
  readonly maximumMs?: number;
  /** Told what became of each copy. */
  readonly onCopy?: (result: MirrorResult) => void;
  /** In [0, 1). Default Math.random. */
  readonly random?: () => number;
}

/** `dropped`: there were too many, or its backend is not valid. */
export type MirrorResult = 'answered' | 'failed' | 'dropped';

/**
 * Sends copies of the share of requests that mirror filters want elsewhere, and throws their answers away. Nothing that
 * becomes of a copy is felt by the request: it is not waited for, and read no faster than the request itself.
 */
export function createMirrorLayer(options: MirrorLayerOptions): Layer {
  const { clock, send, maximumActive = 1_000, maximumBehindBytes = 262_144, maximumMs = 15_000 } = options;
  const { onCopy = () => undefined, random = Math.random } = options;
  const shares = new WeakMap<MirrorFilter, WeightedChoice>();
  let active = 0;

  function isDue(filter: MirrorFilter): boolean {
    let share = shares.get(filter);
    if (share === undefined) {
      share = createWeightedChoice([filter.numerator, filter.denominator - filter.numerator], random);
      shares.set(filter, share);
    }
    return share.next() === 0;
  }
  /** Those of the due mirrors that there is room for. */
  function admitted(filters: readonly MirrorFilter[]): readonly MirrorFilter[] {
    return filters.filter(isDue).filter(({ backend }) => {
      const isAdmitted = backend.kind === 'service' && active < maximumActive;
      if (isAdmitted) active += 1;
      else onCopy('dropped');
      return isAdmitted;
    });
  }

  return (next) => async (request, context) => {
    const mirrors = admitted(mirrorsOf(request, context));
    if (mirrors.length === 0) return next(request, context);
    const teed = teeBody(request.body, mirrors.length, maximumBehindBytes);
    context.onEnd(teed.close);
    for (const [index, body] of teed.copies.entries()) {
      const backend = mirrors[index]?.backend;
      if (backend === undefined) continue;
      const copy = { ...request, headers: request.headers.clone(), body, expectContinue: false };
      sendCopy(send, { request: copy, context, backend }, { clock, maximumMs }).then((answered) => {
        active -= 1;
        onCopy(answered ? 'answered' : 'failed');
      });
    }
    return next({ ...request, body: teed.body }, context);
  };
}

/** A connection that leaves HTTP cannot be copied. */
function mirrorsOf({ upgrade }: HttpRequest, context: RequestContext): readonly MirrorFilter[] {
  const selection = context.route();
  if (selection.kind !== 'rule' || upgrade !== undefined) return [];
  return [...selection.rule.filters, ...context.backendFilters].filter((filter) => filter.type === 'mirror');
}
