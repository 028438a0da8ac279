import {
  CAPTURED_BY_ANOTHER,
  type CaptureModes,
  type EnrolmentPod,
  HBONE_PORT,
  INBOUND_PLAINTEXT_PORT,
  OUTBOUND_PORT,
} from '../../model/index.ts';
import {
  applyRedirection,
  countTrackedConnections,
  inspectRedirection,
  type NetNamespace,
  namespaceHasIpv6,
  planRedirection,
  portsInUse,
  REDIRECTION_NAMES,
  type RedirectionNaming,
  type RedirectionPlan,
  type RedirectionState,
  removeRedirection,
} from '../../net/index.ts';
import type { Redirection } from '../enrolment/index.ts';
import { ZtunnelError } from '../errors.ts';

/** The kernel's rules for pods, and what sockets in them must be marked with. */
export interface PodRedirection extends Redirection<NetNamespace> {
  /** The packet mark that the rules of a namespace let pass; of one that `isCaptured` has looked at. */
  markIn(namespace: NetNamespace): number;
}

/**
 * Pods are captured under the names of `naming`; one that an earlier process has captured under others keeps those, so that
 * a change of the setting costs nobody a connection. Plans are made once for each set of modes; net asks for one call at a
 * time per namespace.
 */
export function createPodRedirection(naming: RedirectionNaming): PodRedirection {
  // Each step of a capture changes another part, so that one look serves them all.
  const seen = new WeakMap<NetNamespace, RedirectionState['seen']>();
  const namings = new WeakMap<NetNamespace, RedirectionNaming>();
  const foreign = new WeakSet<NetNamespace>();
  const untouched = new WeakSet<NetNamespace>();
  const namingOf = (namespace: NetNamespace): RedirectionNaming => namings.get(namespace) ?? naming;
  return {
    async isCaptured(namespace) {
      const state = await inspectRedirection(namespace, namespaceHasIpv6(namespace) ? [4, 6] : [4]);
      if (state.otherMesh !== undefined) throw capturedByAnother(namespace, state.otherMesh);
      namings.set(namespace, state.naming ?? naming);
      seen.set(namespace, state.seen);
      if (state.naming === undefined) untouched.add(namespace);
      else untouched.delete(namespace);
      return state.natOutbound && state.natInbound;
    },
    requirePorts(namespace) {
      if (!untouched.has(namespace)) return;
      const [port] = portsInUse(namespace, [INBOUND_PLAINTEXT_PORT, HBONE_PORT, OUTBOUND_PORT]);
      if (port !== undefined) throw portTaken(namespace, port);
    },
    markIn: (namespace) => REDIRECTION_NAMES[namingOf(namespace)].mark,
    async apply(namespace, pod, part) {
      const known = seen.get(namespace);
      if (part === 'nat' || part === 'nat-inbound') seen.delete(namespace);
      foreign.delete(namespace);
      await applyRedirection(namespace, planFor(namespace, pod, namingOf(namespace)), part, known);
    },
    async remove(namespace, _pod, part) {
      seen.delete(namespace);
      if (!(await removeRedirection(namespace, part))) foreign.add(namespace);
    },
    async trackedConnections(namespace) {
      // What another mesh has redirected there is not ours to wait for.
      if (foreign.has(namespace)) return 0;
      const { redirected, marked } = await countTrackedConnections(namespace);
      return redirected + marked;
    },
  };
}

const plans: Readonly<Record<RedirectionNaming, WeakMap<CaptureModes, Map<boolean, RedirectionPlan>>>> = {
  istio: new WeakMap(),
  own: new WeakMap(),
};

function planFor(namespace: NetNamespace, pod: EnrolmentPod, naming: RedirectionNaming): RedirectionPlan {
  const ipv6 = namespaceHasIpv6(namespace);
  const known = plans[naming].get(pod.modes) ?? new Map<boolean, RedirectionPlan>();
  plans[naming].set(pod.modes, known);
  const plan = known.get(ipv6) ?? planRedirection({ ...pod.modes, naming, dns: false, ipv6 });
  known.set(ipv6, plan);
  return plan;
}

function capturedByAnother(namespace: NetNamespace, mesh: string): ZtunnelError {
  return new ZtunnelError({
    code: CAPTURED_BY_ANOTHER,
    blame: 'local',
    message: `the pod is captured by another mesh: ${namespace.path} has rules of ${mesh}`,
    hint: 'take the pod out of that mesh; it is captured here once those rules have gone',
  });
}

function portTaken(namespace: NetNamespace, port: number): ZtunnelError {
  return new ZtunnelError({
    code: CAPTURED_BY_ANOTHER,
    blame: 'local',
    message: `somebody else listens on port ${port} in ${namespace.path}, which a captured pod's proxy takes`,
    hint: "another mesh's proxy, which lets go of a pod a moment after its rules; or an application that has to take another port",
  });
}
