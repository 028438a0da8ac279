import type { CaptureModes, EnrolmentPod } from '../../model/index.ts';
import {
  applyRedirection,
  inspectRedirection,
  type NetNamespace,
  namespaceHasIpv6,
  planRedirection,
  type RedirectionPlan,
  type RedirectionState,
  removeRedirection,
  countTrackedConnections,
} from '../../net/index.ts';
import type { Redirection } from '../enrolment/index.ts';
import { ZtunnelError } from '../errors.ts';

/** The kernel's rules for pods. Plans are made once for each set of modes; net asks for one call at a time per namespace. */
export function createPodRedirection(): Redirection<NetNamespace> {
  // Each step of a capture changes another part, so that one look serves them all.
  const seen = new WeakMap<NetNamespace, RedirectionState['seen']>();
  return {
    async isCaptured(namespace) {
      const state = await inspectRedirection(namespace, namespaceHasIpv6(namespace) ? [4, 6] : [4]);
      if (state.capturedByAnother) throw capturedByAnother(namespace);
      seen.set(namespace, state.seen);
      return state.natOutbound && state.natInbound;
    },
    async apply(namespace, pod, part) {
      const known = seen.get(namespace);
      if (part === 'nat' || part === 'nat-inbound') seen.delete(namespace);
      await applyRedirection(namespace, planFor(namespace, pod), part, known);
    },
    remove(namespace, pod, part) {
      seen.delete(namespace);
      return removeRedirection(namespace, planFor(namespace, pod), part);
    },
    async trackedConnections(namespace) {
      const { redirected, marked } = await countTrackedConnections(namespace);
      return redirected + marked;
    },
  };
}

const plans = new WeakMap<CaptureModes, Map<boolean, RedirectionPlan>>();

function planFor(namespace: NetNamespace, pod: EnrolmentPod): RedirectionPlan {
  const ipv6 = namespaceHasIpv6(namespace);
  let known = plans.get(pod.modes);
  if (known === undefined) {
    known = new Map();
    plans.set(pod.modes, known);
  }
  const plan = known.get(ipv6) ?? planRedirection({ ...pod.modes, dns: false, ipv6 });
  known.set(ipv6, plan);
  return plan;
}

function capturedByAnother(namespace: NetNamespace): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_CAPTURED_BY_ANOTHER',
    blame: 'local',
    message: `${namespace.path} has redirection rules of another mesh`,
    hint: 'take the pod out of the other mesh first',
  });
}
