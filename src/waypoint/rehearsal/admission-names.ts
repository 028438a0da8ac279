import { formatDurationMs } from '../../proxy/index.ts';
import type { HttpRequest } from '../../http/index.ts';
import type { FaultRule, RequestLimit, Share } from '../../model/index.ts';
import type { TargetPlan } from '../plan/target-plan.ts';
import type { RequestContext } from '../request/request-context.ts';
import { RequestFacts } from '../routing/request-facts.ts';
import { filterName } from './rehearsed-parts.ts';

/** What holds for a request beside routes and policies, in words: whether it has an effect is not known from here. */
export function admissionNames(
  plan: TargetPlan,
  request: HttpRequest,
  context: Pick<RequestContext, 'route' | 'client'>,
): readonly string[] {
  const selection = context.route();
  const facts = new RequestFacts(request);
  const limits = plan.rateLimits.of(selection).objects.flatMap(({ policy, rules }) => {
    const rule = rules.find(({ holds }) => holds(facts, context.client));
    return rule === undefined
      ? []
      : [
          `RateLimit ${policy}${named(rule.source.name)} counts it: ${rule.source.limits.map(limitText).join(', ')}`,
        ];
  });
  const faults = plan.faults.of(selection).objects.flatMap(({ policy, holds, source }) => {
    const rule = source.rules[holds.findIndex((test) => test(facts, context.client))];
    return rule === undefined ? [] : [`FaultInjection ${policy}${named(rule.name)}: ${faultText(rule)}`];
  });
  const filters = plan.filters
    .of(selection)
    .objects.map((filter) => `${filterName(filter)} sees it, and may answer itself`);
  return [...limits, ...faults, ...filters];
}

function named(rule: string): string {
  return rule === '' ? '' : ` (${rule})`;
}

function limitText({ requests, intervalMs, per }: RequestLimit): string {
  const by = per.map((part) => (part.kind === 'header' ? `header ${part.name}` : part.kind));
  return `${requests} in ${formatDurationMs(intervalMs)}${by.length === 0 ? '' : ` for each ${by.join(' and ')}`}`;
}

function faultText({ delay, abort }: FaultRule): string {
  return [
    ...(delay === undefined
      ? []
      : [`${shareText(delay.share)} held up for ${formatDurationMs(delay.delayMs)}`]),
    ...(abort === undefined
      ? []
      : [`${shareText(abort.share)} answered with ${abort.status ?? `gRPC ${abort.grpcStatus}`}`]),
  ].join(', ');
}

function shareText({ numerator, denominator }: Share): string {
  return `${Number(((numerator * 100) / denominator).toFixed(3))}% of the requests`;
}
