import { isDeepStrictEqual } from 'node:util';
import type { FlowRecord } from '../../../model/index.ts';
import type { World } from '../../world/index.ts';
import { type FlowVerdict, unknownVerdict } from './flow-verdict.ts';
import { judgeConnectionFlow } from './judge-connection.ts';
import { createWorldGuards, judgeRequestFlow, type WorldGuards } from './judge-request.ts';
import type { ChangedFlow, TryResult } from './try-result.ts';

/** Which flows would have come to something else. */
export type Replayed = Pick<TryResult, 'flows' | 'refused' | 'allowed' | 'unknown' | 'unchanged'>;

/**
 * What flows would come to in another world than the one they were seen in: each is judged in both, by whoever judged it then.
 * What a client's own node proxy saw is left out, since it judges nobody.
 */
export function replay(flows: readonly FlowRecord[], before: World, after: World): Replayed {
  const judged = flows.filter(({ reporter }) => reporter !== 'source');
  const guards = { before: createWorldGuards(before), after: createWorldGuards(after) };
  const changes = { refused: new Map(), allowed: new Map(), unknown: new Map() } as const satisfies Record<
    string,
    Map<string, ChangedFlow>
  >;
  let unchanged = 0;
  try {
    for (const flow of judged) {
      const [was, willBe] = verdictsOn(flow, { before, after, guards });
      const change = changeOf(flow, was, willBe);
      if (change === undefined) unchanged += flow.count;
      else add(changes[change], flow, willBe);
    }
  } finally {
    guards.before.destroy();
    guards.after.destroy();
  }
  return {
    flows: { kinds: judged.length, count: judged.reduce((sum, { count }) => sum + count, 0) },
    refused: sorted(changes.refused),
    allowed: sorted(changes.allowed),
    unknown: sorted(changes.unknown),
    unchanged,
  };
}

interface Worlds {
  readonly before: World;
  readonly after: World;
  readonly guards: { readonly before: WorldGuards; readonly after: WorldGuards };
}

function verdictsOn(
  flow: FlowRecord,
  { before, after, guards }: Worlds,
): readonly [FlowVerdict, FlowVerdict] {
  if (flow.reporter !== 'waypoint')
    return [judgeConnectionFlow(before, flow), judgeConnectionFlow(after, flow)];
  const was = judgeRequestFlow(guards.before, flow, undefined);
  const then = guards.before.of(flow);
  if (then === undefined) return [was, unknownVerdict(was.because)];
  const now = guards.after.of(flow);
  // What is judged by the same as before goes on, whatever was kept of it.
  if (now !== undefined && isDeepStrictEqual(now.guards, then.guards)) return [SAME, SAME];
  // What an authorizer has said once, it would say again.
  const authorizers = flow.verdict === 'allowed' ? was.asked : [];
  return [was, judgeRequestFlow(guards.after, flow, { before: then.guards, authorizers })];
}

const SAME: FlowVerdict = { verdict: 'allow', policy: '', rule: 0, because: '', fix: '', asked: [] };

/** Undefined: it goes on as it did. What failed for another reason had been let through. */
function changeOf(
  flow: FlowRecord,
  was: FlowVerdict,
  willBe: FlowVerdict,
): 'refused' | 'allowed' | 'unknown' | undefined {
  if (willBe.verdict === 'unknown') return 'unknown';
  const known = was.verdict === 'unknown' ? recorded(flow) : was.verdict;
  if (known === willBe.verdict) return undefined;
  return willBe.verdict === 'deny' ? 'refused' : 'allowed';
}

function recorded({ verdict }: FlowRecord): 'allow' | 'deny' {
  return verdict === 'refused' ? 'deny' : 'allow';
}

function add(changes: Map<string, ChangedFlow>, flow: FlowRecord, verdict: FlowVerdict): void {
  const { source, destination, service, count, lastMs } = flow;
  const at = flow.reporter === 'waypoint' ? `waypoint ${flow.waypoint}` : 'node proxy';
  const { policy, rule } = verdict;
  const whatWas = verdict.verdict === 'unknown' ? verdict.because : '';
  const method = flow.request?.method;
  const key = JSON.stringify([source, destination, service, at, policy, rule, method, whatWas]);
  const known = changes.get(key);
  if (known !== undefined) {
    changes.set(key, { ...known, count: known.count + count, lastMs: Math.max(known.lastMs, lastMs) });
    return;
  }
  const request = flow.request === undefined ? '' : `${flow.request.method} ${flow.request.path}`;
  const { because, fix } = verdict;
  changes.set(key, { source, destination, service, at, request, count, lastMs, policy, rule, because, fix });
}

function sorted(changes: ReadonlyMap<string, ChangedFlow>): readonly ChangedFlow[] {
  return [...changes.values()].sort((a, b) => b.count - a.count);
}
