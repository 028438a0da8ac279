import { type Clock, type Logger, silentLogger, sleep, systemClock } from '../../base/index.ts';
import type { HttpRequest } from '../../http/index.ts';
import type { FaultAbort, FaultInjection, GatewayKey, Share, WaypointResource } from '../../model/index.ts';
import { compileHolding, type HoldingObjects } from '../admission/holding-objects.ts';
import { compileConditions } from '../admission/request-condition.ts';
import { WaypointError } from '../errors.ts';
import type { PlanTarget } from '../plan/plan-target.ts';
import type { RequestContext } from '../request/request-context.ts';
import type { ResourceChange } from '../resources/resource-store.ts';
import { RequestFacts } from '../routing/request-facts.ts';
import { grpcStatusFor, httpStatusFor } from './status-mapping.ts';
import type { CompiledFault } from './compiled-fault.ts';

/** `skipped`: as many requests as there may be were held up already. */
export interface FaultMetrics {
  injected(policy: string, kind: 'delay' | 'abort' | 'skipped'): void;
}

/** Whose faults they are, and what chance they are drawn by. */
export interface FaultInjectorOptions {
  readonly gateway: GatewayKey;
  readonly metrics: FaultMetrics;
  /** Numbers in [0, 1). Default Math.random. */
  readonly random?: (() => number) | undefined;
  readonly clock?: Clock | undefined;
  readonly log?: Logger | undefined;
}

/** The faults of a waypoint. */
export interface FaultInjector {
  /** What the control plane says, before plans are made of it. */
  apply(change: ResourceChange): void;
  /** Which faults hold for requests to a target. */
  compile(target: PlanTarget, resources: readonly WaypointResource[]): HoldingObjects<CompiledFault>;
  /**
   * Holds a request up, or rejects with the WaypointError that it is to be answered with, or with the reason of its signal
   * when that aborts. A delay ends `limitMs` after the request began, at which the caller has to judge it.
   */
  inject(
    faults: readonly CompiledFault[],
    request: HttpRequest,
    context: RequestContext,
    limitMs: number,
  ): Promise<void>;
  /** Requests held up. */
  readonly active: number;
}

/** Without a fault until the waypoint is told of one. */
export function createFaultInjector(options: FaultInjectorOptions): FaultInjector {
  const { gateway, metrics, random = Math.random, clock = systemClock, log = silentLogger } = options;
  const faults = new Map<string, CompiledFault>();

  function upsert(source: FaultInjection): void {
    const problems: WaypointError[] = [];
    faults.set(source.key, {
      source,
      policy: `${source.namespace}/${source.name}`,
      holds: source.rules.map(({ conditions }) => compileConditions(conditions, problems)),
      held: faults.get(source.key)?.held ?? { count: 0 },
    });
    for (const error of problems)
      log.error('a match of a fault injection holds for nothing', { object: source.key, error });
  }

  const isDrawn = ({ numerator, denominator }: Share): boolean => random() * denominator < numerator;

  async function holdUp({ held }: CompiledFault, delayMs: number, context: RequestContext): Promise<void> {
    held.count += 1;
    try {
      await sleep(clock, delayMs, context.signal);
    } finally {
      held.count -= 1;
    }
  }

  return {
    apply({ upserts, removed }) {
      for (const name of removed) faults.delete(name);
      for (const { resource } of upserts) if (resource.kind === 'fault-injection') upsert(resource.fault);
    },
    compile: (target, resources) =>
      compileHolding<FaultInjection, CompiledFault>({
        objects: resources.flatMap((one) => (one.kind === 'fault-injection' ? [one.fault] : [])),
        gateway,
        target,
        isOwn: (key) => key.startsWith('FaultInjection/'),
        compile: ({ key }) => faults.get(key),
      }),
    async inject(holding, request, context, limitMs) {
      const facts = new RequestFacts(request);
      for (const fault of holding) {
        const index = fault.holds.findIndex((holds) => holds(facts, context.client));
        const rule = fault.source.rules[index];
        if (rule === undefined) continue;
        // Both are drawn before anything is waited for, so that a test can say what will be drawn.
        const delayMs = rule.delay !== undefined && isDrawn(rule.delay.share) ? rule.delay.delayMs : 0;
        const abort = rule.abort !== undefined && isDrawn(rule.abort.share) ? rule.abort : undefined;
        if (delayMs > 0) {
          if (fault.held.count >= fault.source.maximumActive) {
            metrics.injected(fault.policy, 'skipped');
            continue;
          }
          metrics.injected(fault.policy, 'delay');
          const leftMs = limitMs - (clock.monotonic() - context.startedMs);
          await holdUp(fault, Math.min(delayMs, Math.max(0, leftMs)), context);
          if (delayMs >= leftMs) return;
        }
        if (abort === undefined) continue;
        metrics.injected(fault.policy, 'abort');
        throw injectedAbort(fault, index, abort);
      }
    },
    get active() {
      let total = 0;
      for (const { held } of faults.values()) total += held.count;
      return total;
    },
  };
}

function injectedAbort(fault: CompiledFault, rule: number, abort: FaultAbort): WaypointError {
  const { status = httpStatusFor(abort.grpcStatus ?? 0), grpcStatus = grpcStatusFor(status) } = abort;
  return new WaypointError({
    code: 'ERR_WAYPOINT_FAULT_INJECTED',
    blame: 'local',
    message: `answered with ${status} (gRPC ${grpcStatus}) as FaultInjection ${fault.policy} says`,
    policy: fault.policy,
    rule,
    ruleName: fault.source.rules[rule]?.name,
    answer: { status, grpc: grpcStatus },
  });
}
