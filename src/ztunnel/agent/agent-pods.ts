import { describeError } from '../../base/index.ts';
import type { EnrolmentPod, MeshView } from '../../model/index.ts';
import {
  adoptNamespace,
  capturesDns,
  closeDescriptors,
  MESH_MARK,
  type NetNamespace,
} from '../../net/index.ts';
import type { AgentPod } from '../../wire/index.ts';
import { within } from '../enrolment/index.ts';
import { ZtunnelError } from '../errors.ts';
import type { ServedPods, ServedPodsDeps } from '../served-pods/index.ts';
import { createAgentClient } from './agent-client.ts';
import { createAgentPod, type ServedAgentPod } from './agent-pod.ts';
import type { AgentListener } from './agent-session.ts';
import { createPodCertificate } from './pod-certificate.ts';
import { describePod } from './pod-description.ts';

/** How long an agent is kept waiting for a pod; it gives up after five seconds, and would take a late answer for that of the next. */
const ANSWER_WITHIN_MS = 4_000;
/** A kubelet runs some hundred at most. Each costs descriptors and a certificate, those that are going included. */
const MOST_PODS = 4_096;

/** Where the agent is, and what serving its pods takes. */
export interface AgentPodsOptions extends ServedPodsDeps {
  /** The socket of Istio's CNI agent. */
  readonly path: string;
  readonly view: MeshView;
  readonly clusterId: string;
  /** Until the control plane has told. */
  readonly trustDomain: string;
  /** How long connections of a pod that was taken away may live on. */
  readonly drainTimeoutMs: number;
}

/**
 * Pods that Istio's CNI agent hands over (ZDS, wire.md §3.9): it has captured their traffic, and here are only the listeners. Nothing
 * in a pod's namespace is changed.
 */
export function createAgentPods(options: AgentPodsOptions): ServedPods {
  const { path, svids, clock, log, random, drainTimeoutMs } = options;
  /** By the uid of the Pod object. */
  const current = new Map<string, ServedAgentPod>();
  const draining = new Map<ServedAgentPod, Promise<void>>();
  /** Of a snapshot that is not complete yet. */
  const mentioned = new Set<string>();
  const firstSnapshot = Promise.withResolvers<void>();
  let isComplete = false;
  let hasGaps = false;
  let knowsDns = false;

  function take(info: AgentPod, namespace: NetNamespace): ServedAgentPod {
    const describe = (): EnrolmentPod => describePod(info, options);
    const certificate = createPodCertificate({ svids, clock });
    const pod = createAgentPod(namespace, {
      describe,
      async serve(described, itsNamespace, signal) {
        await certificate.ensure(described.identity, signal);
        return options.startProxy(described, itsNamespace, MESH_MARK);
      },
      onEnded: () => certificate.release(),
      clock,
      log,
    });
    current.set(info.uid, pod);
    return pod;
  }

  /** Throws where an agent names more than a node can have: a snapshot with that lets nobody go. */
  function mention(uid: string): void {
    if (isComplete) return;
    if (mentioned.size >= MOST_PODS && !mentioned.has(uid)) {
      hasGaps = true;
      throw tooManyPods();
    }
    mentioned.add(uid);
  }

  function letGo(uid: string): void {
    const pod = current.get(uid);
    if (pod === undefined) return;
    current.delete(uid);
    const drained = pod.drain(drainTimeoutMs).finally(() => draining.delete(pod));
    draining.set(pod, drained);
    log.info('pod let go', { pod: pod.pod.uid, kubernetesUid: uid });
  }

  const listener: AgentListener = {
    begin() {
      mentioned.clear();
      isComplete = false;
      hasGaps = false;
      knowsDns = false;
    },
    get isComplete() {
      return isComplete;
    },
    async add(info, descriptor) {
      try {
        mention(info.uid);
      } catch (error) {
        closeDescriptors([descriptor]);
        throw error;
      }
      const namespace = adoptNamespace(descriptor, `what came for ${info.namespace}/${info.name}`);
      const known = current.get(info.uid);
      if (known !== undefined && isSame(known.namespace, namespace)) {
        namespace.close();
        await started(known);
        return;
      }
      // Its sandbox was made anew.
      letGo(info.uid);
      try {
        if (current.size + draining.size >= MOST_PODS) throw tooManyPods();
        await started(take(info, namespace));
      } catch (error) {
        if (!current.has(info.uid)) namespace.close();
        throw error;
      }
    },
    keep: mention,
    del(uid) {
      mentioned.delete(uid);
      letGo(uid);
    },
    snapshotSent() {
      if (isComplete) throw badOrder();
      isComplete = true;
      const unmentioned = [...current.keys()].filter((uid) => !mentioned.has(uid));
      mentioned.clear();
      if (hasGaps) log.warn('the snapshot had gaps; no pod is let go', { pods: current.size });
      else for (const uid of unmentioned) letGo(uid);
      log.info('snapshot received', { pods: current.size, letGo: hasGaps ? 0 : unmentioned.length });
      firstSnapshot.resolve();
    },
    missed() {
      hasGaps = true;
    },
  };

  async function started(pod: ServedAgentPod): Promise<void> {
    const inTime = await within(
      clock,
      ANSWER_WITHIN_MS,
      pod.start().then(() => true),
      (error) => log.debug('pod not served', { pod: pod.pod.uid, error: describeError(error) }),
    );
    if (inTime === undefined) throw stillTrying(pod.pod);
    if (knowsDns) return;
    knowsDns = true;
    void complainOfDns(pod);
  }

  /** One pod of a connection is looked at: the agent's setting is for all that do not say otherwise. */
  async function complainOfDns({ namespace, pod }: ServedAgentPod): Promise<void> {
    try {
      if (await capturesDns(namespace))
        log.error(
          'the agent captures DNS, which this ztunnel does not serve: names do not resolve in its pods',
          {
            pod: pod.uid,
            hint: 'turn it off for the agent (Helm: cni.ambient.dnsCapture=false) and restart it',
          },
        );
    } catch (error) {
      log.debug('capture of DNS not looked for', { pod: pod.uid, error: describeError(error) });
    }
  }

  const client = createAgentClient({ path, listener, clock, log, random });
  return {
    update: undefined,
    arrivals: undefined,
    open: client.start,
    settled: () => firstSnapshot.promise,
    pods: () =>
      [...current.values(), ...draining.keys()].map(({ pod, state }) => ({ pod, state, older: [] })),
    // Nobody says more about them than that they are to be served.
    wanted: () => undefined,
    repeat: () => undefined,
    saved: () => ({ pods: [], attachments: [], leaving: [], older: new Map() }),
    restore: () => undefined,
    retire: () => client.destroy(),
    async stop() {
      for (const uid of [...current.keys()]) letGo(uid);
      await Promise.all(draining.values());
    },
    destroy(cause) {
      client.destroy(cause);
      for (const pod of [...current.values(), ...draining.keys()]) pod.destroy(cause);
      current.clear();
    },
  };
}

function isSame(one: NetNamespace, other: NetNamespace): boolean {
  return one.device === other.device && one.inode === other.inode;
}

function badOrder(): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_AGENT_REQUEST',
    blame: 'upstream',
    message: 'expected one snapshot of a connection, got the end of a second one',
  });
}

function tooManyPods(): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_AGENT_REQUEST',
    blame: 'upstream',
    message: `expected at most ${MOST_PODS} pods on a node, those that are going included, got one more`,
  });
}

function stillTrying({ namespace, name }: EnrolmentPod): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_POD_LATE',
    blame: 'local',
    message: `${namespace}/${name} is not served yet after ${ANSWER_WITHIN_MS} ms; it is tried on`,
    retryable: true,
  });
}
