import type { FlowRecord, Workload } from '../../../model/index.ts';
import { decideL4, type Decision } from '../../../policy/index.ts';
import { judgeInbound } from '../../../ztunnel/index.ts';
import { l4Facts, smallestChange, strictFor } from '../../explain/steps/index.ts';
import type { World } from '../../world/index.ts';
import { addressOf, type FlowVerdict, identityOfFlow, unknownVerdict } from './flow-verdict.ts';

/** What the proxy of the pod would do with a connection that it has seen. */
export function judgeConnectionFlow(world: World, flow: FlowRecord): FlowVerdict {
  const workload = workloadOf(world, flow);
  if (workload === undefined)
    return unknownVerdict(
      `there is no pod of ${flow.destination.namespace}/${flow.destination.workload} any more`,
    );
  const sourceAddress = addressOf(flow.sourceAddress);
  const destinationAddress = addressOf(flow.destinationAddress) ?? workload.addresses[0];
  if (sourceAddress === undefined || destinationAddress === undefined)
    return unknownVerdict('its addresses were not kept');
  const { view } = world;
  const source = identityOfFlow(flow);
  const attributes = { sourceAddress, destinationAddress, destinationPort: flow.destinationPort, source };
  const refusesBypass = world.enrolmentOf(workload)?.waypointBypass === 'refuse';
  let decision: Decision | undefined;
  const { verdict, reason } = judgeInbound({ view, workload, attributes, refusesBypass }, (question) => {
    decision = decideL4(question);
    return decision;
  });
  if (verdict === 'allow') {
    const { policy = '', rule } = reason;
    return {
      verdict: 'allow',
      policy,
      rule: rule === undefined ? 0 : rule + 1,
      because: reason.sentence,
      fix: '',
      asked: [],
    };
  }
  const strict = strictFor(world, workload);
  const facts =
    decision === undefined
      ? []
      : l4Facts(world, { ...view.policiesFor(workload), attributes, decision, strict });
  const deciding =
    facts.find(({ effect }) => effect === 'denied') ??
    facts.find(({ action, dryRun }) => action === 'ALLOW' && !dryRun);
  const context = {
    callerNamespace: flow.source.namespace || undefined,
    isPlaintext: source === undefined,
    strict,
    sideBySide: world.settings.sideBySide,
  };
  return {
    verdict: 'deny',
    policy: reason.policy ?? deciding?.policy ?? '',
    rule: reason.rule === undefined ? 0 : reason.rule + 1,
    because: reason.sentence,
    fix: reason.hint ?? smallestChange(facts, context) ?? '',
    asked: [],
  };
}

/** By its address while it is the same workload's; pods come and go, and all of a workload have the same policies. */
function workloadOf(
  { view, settings }: World,
  { destination, destinationAddress }: FlowRecord,
): Workload | undefined {
  const isSame = ({ namespace, workloadName }: Workload): boolean =>
    namespace === destination.namespace && workloadName === destination.workload;
  const address = addressOf(destinationAddress);
  const at = address === undefined ? undefined : view.workloadAt(settings.network, address);
  if (at !== undefined && isSame(at)) return at;
  return [...view.workloads()].find(isSame);
}
