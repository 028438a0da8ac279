import type {
  BackendTarget,
  ExtensionKey,
  HttpFilter,
  HttpMatch,
  HttpRule,
  StreamRule,
} from '../../model/index.ts';
import { WaypointError } from '../errors.ts';
import { createPattern } from '../routing/pattern.ts';
import { matchText } from './rule-text.ts';

/** What a rule's problems depend on beside the rule. */
export interface RuleKnowledge {
  /** Whether the waypoint has such an object. */
  hasExtension(key: ExtensionKey): boolean;
}

/** What of a rule of an HTTPRoute or GRPCRoute does not work, and what becomes of its requests. */
export function httpRuleProblems(rule: HttpRule, known: RuleKnowledge): readonly string[] {
  const { backends, filters, matches } = rule;
  const answers = filters.some(({ type }) => type === 'redirect');
  const all = [...filters, ...backends.flatMap((backend) => backend.filters)];
  return [
    ...matches.flatMap(matchProblems),
    ...all.flatMap((filter) => filterProblems(filter, known)),
    ...(answers ? [] : backendProblems(backends, 'requests get a 500, gRPC calls UNAVAILABLE')),
  ];
}

/** The same of a TCPRoute or TLSRoute. */
export function streamRuleProblems({ backends }: StreamRule, index: number): readonly string[] {
  const unused = index === 0 ? [] : ['only the first rule of such a route counts'];
  return [...unused, ...backendProblems(backends, 'connections are refused')];
}

function matchProblems(match: HttpMatch): readonly string[] {
  return expressionsOf(match).flatMap((source) => {
    try {
      // A fresh one, and not the plan's: what nobody routes by yet must not stay in memory for having been looked at.
      createPattern(source);
      return [];
    } catch (error) {
      if (!(error instanceof WaypointError)) throw error;
      return [`match ${matchText(match)}: ${error.message}; it holds for no request`];
    }
  });
}

function expressionsOf({ path, headers, query }: HttpMatch): readonly string[] {
  const ofPath =
    path.kind === 'regex'
      ? [path.value]
      : path.kind === 'grpc' && path.type === 'regex'
        ? [path.service, path.method].filter((source) => source !== undefined)
        : [];
  const ofValues = [...headers, ...query].filter(({ kind }) => kind === 'regex').map(({ value }) => value);
  return [...ofPath, ...ofValues];
}

function filterProblems(filter: HttpFilter, known: RuleKnowledge): readonly string[] {
  if (filter.type === 'mirror' && filter.backend.kind === 'invalid')
    return [`mirror: ${reasonOf(filter.backend)}; no copies are sent`];
  if (filter.type === 'extension' && (filter.missing || !known.hasExtension(filter.object)))
    return [`filter ${filter.object}: expected one that is valid, got none; requests get a 500`];
  return [];
}

function backendProblems(
  backends: readonly { readonly weight: number; readonly target: BackendTarget }[],
  outcome: string,
): readonly string[] {
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return [`expected a backend with a weight above 0, got none; ${outcome}`];
  return backends.flatMap(({ target, weight }, index) => {
    if (target.kind === 'service') return [];
    const share = Math.round((weight * 100) / total);
    return [
      `backend ${index + 1}: ${reasonOf(target)}; ${weight === total ? outcome : `${share}% of ${outcome}`}`,
    ];
  });
}

function reasonOf({ reason, message }: Extract<BackendTarget, { kind: 'invalid' }>): string {
  return message === '' ? reason : `${reason}: ${message}`;
}
