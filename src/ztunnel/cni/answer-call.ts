import { stat } from 'node:fs/promises';
import { type Clock, describeError, errnoOf, type Logger } from '../../base/index.ts';
import type { EnrolmentPod } from '../../model/index.ts';
import { openNamespace } from '../../net/index.ts';
import { untilKnown } from '../../proxy/index.ts';
import { type Arrivals, MOST_ATTACHMENTS } from './arrivals.ts';
import type { Attachment, PodName } from './attachment.ts';
import { cutShort, CNI_CODES, type CniResult, cniFailure, SUCCESS } from './cni-error.ts';
import type { CniCall } from './parse-call.ts';
import { type Knowledge, standingOf } from './standing.ts';

/** How long a pod waits until it is known whether it joins (design.md, Decisions). */
const KNOWN_WITHIN_MS = 5_000;
/** How long a capture that fails is tried again until the runtime is told; it comes back then. */
const TRIED_WITHIN_MS = 15_000;
/** How long one may take that does not fail: certificate, listeners and rules, while a hundred others want the same. */
const CAPTURED_WITHIN_MS = 60_000;

/** Four times what runtimes use. It is kept as long as the pod. */
const LONGEST_ID = 256;

/** What calls are answered by. */
export interface CallDeps {
  readonly knowledge: Knowledge;
  readonly arrivals: Arrivals;
  /** Something else than before may be known. */
  readonly changes: { subscribe(listener: () => void): () => void };
  /** The machine's /proc as this process sees it; undefined: it is our own. */
  readonly hostProc: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Answers one call of a container runtime. Never rejects for what a runtime could have said. */
export async function answerCall(call: CniCall, deps: CallDeps): Promise<CniResult> {
  switch (call.command) {
    case 'ADD':
      return call.pod === undefined ? SUCCESS : add(call, call.pod, deps);
    case 'CHECK':
      return call.pod === undefined ? SUCCESS : check(call, call.pod, deps);
    case 'DEL':
      deps.arrivals.detach(call);
      return SUCCESS;
    case 'GC':
      collect(call, deps.arrivals);
      return SUCCESS;
    default:
      return cniFailure(
        CNI_CODES.badEnvironment,
        `expected CNI_COMMAND to be ADD, CHECK, DEL or GC, got ${JSON.stringify(cutShort(call.command))}`,
      );
  }
}

async function add(call: CniCall, name: PodName, deps: CallDeps): Promise<CniResult> {
  const { knowledge, changes, clock, log } = deps;
  const decided = await untilKnown({ changes, clock }, KNOWN_WITHIN_MS, () => {
    const standing = standingOf(name, knowledge);
    return standing.kind === 'unknown' ? undefined : standing;
  });
  const standing = decided ?? standingOf(name, knowledge);
  switch (standing.kind) {
    case 'stays':
      log.debug('new pod stays outside', { namespace: name.namespace, name: name.name });
      return SUCCESS;
    case 'unknown':
      return cniFailure(
        CNI_CODES.tryLater,
        `${standing.reason} (for ${KNOWN_WITHIN_MS / 1_000} s)`,
        `look at the log of the ztunnel on node ${knowledge.node}, and at the controller`,
      );
    case 'joins':
      return capture(call, name, standing.pod, deps);
  }
}

async function capture(call: CniCall, name: PodName, pod: EnrolmentPod, deps: CallDeps): Promise<CniResult> {
  const { arrivals, log } = deps;
  const attachment = await attachmentOf(call, name, deps.hostProc);
  if ('failure' in attachment) return attachment;
  if (!(await arrivals.hasRoom(attachment)))
    return cniFailure(
      CNI_CODES.tryLater,
      `${MOST_ATTACHMENTS} networks of pods are attached on node ${deps.knowledge.node}, and the container runtime takes none of them back`,
      'it has to call DEL or GC for those that are over: look at its log',
    );
  const captured = untilCaptured(pod, attachment, deps);
  arrivals.attach(attachment);
  const problem = await captured;
  if (problem !== undefined) {
    return cniFailure(
      CNI_CODES.tryLater,
      `pod ${name.namespace}/${name.name} is not captured yet on node ${deps.knowledge.node}: ${problem}`,
      'it starts once it is; a label istio.io/dataplane-mode=none lets it start outside the mesh',
    );
  }
  arrivals.settle(attachment);
  log.info('new pod captured', { pod: pod.uid, netns: attachment.path });
  return SUCCESS;
}

/** Undefined once the pod is captured in that very namespace; what went wrong last, when that takes too long. */
function untilCaptured(
  pod: EnrolmentPod,
  attachment: Attachment,
  { arrivals, clock }: CallDeps,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let problem: string | undefined;
    const finish = (result: string | undefined): void => {
      for (const timer of timers) timer.cancel();
      unsubscribe();
      resolve(result);
    };
    const unsubscribe = arrivals.attempts.subscribe((attempt) => {
      if (attempt.uid !== pod.uid) return;
      const { captured } = attempt;
      if (captured === undefined) problem = attempt.problem;
      else if (captured.device === attachment.device && captured.inode === attachment.inode)
        finish(undefined);
    });
    const timers = [
      clock.after(TRIED_WITHIN_MS, () => {
        if (problem !== undefined) finish(problem);
      }),
      clock.after(CAPTURED_WITHIN_MS, () => finish(problem ?? 'its capture has not come to an end')),
    ];
  });
}

async function attachmentOf(
  call: CniCall,
  pod: PodName,
  hostProc: string | undefined,
): Promise<Attachment | Extract<CniResult, { readonly failure: unknown }>> {
  const { containerId, interfaceName, addresses } = call;
  if (Math.max(containerId.length, interfaceName.length) > LONGEST_ID)
    return refusal(
      `expected CNI_CONTAINERID and CNI_IFNAME to have ${LONGEST_ID} characters at most, got ${containerId.length} and ${interfaceName.length}`,
      '',
    );
  const path = pathHere(call.netns, hostProc);
  try {
    const namespace = openNamespace(path);
    namespace.close();
    const { device, inode } = namespace;
    if (await isForbidden({ device, inode }, hostProc))
      return refusal(
        `expected CNI_NETNS to be the pod's own network namespace, got the node's: ${call.netns}`,
      );
    return { containerId, interfaceName, pod, path, device, inode, addresses };
  } catch (error) {
    return refusal(`the network namespace ${call.netns} cannot be opened: ${describeError(error)}`);
  }
}

function refusal(
  message: string,
  hint = "the ztunnel needs the machine's /proc (--host-proc) and CAP_SYS_PTRACE to see what the runtime sees",
): Extract<CniResult, { readonly failure: unknown }> {
  return { failure: { code: CNI_CODES.badEnvironment, message, hint } };
}

/**
 * The machine's first process sees files as the runtime does, and its root leads there. But a link in the way that names
 * an absolute path would lead back to us, and /var/run often is one.
 */
function pathHere(netns: string, hostProc: string | undefined): string {
  if (hostProc === undefined) return netns;
  if (netns.startsWith('/proc/')) return `${hostProc}${netns.slice('/proc'.length)}`;
  return `${hostProc}/1/root${netns.replace(/^\/var\/run\//, '/run/')}`;
}

/** Capturing in the machine's namespace, or in ours, would capture everybody. */
async function isForbidden(
  namespace: { readonly device: bigint; readonly inode: bigint },
  hostProc: string | undefined,
): Promise<boolean> {
  const own = ['/proc/self/ns/net', ...(hostProc === undefined ? [] : [`${hostProc}/1/ns/net`])];
  const others = await Promise.all(own.map((path) => stat(path, { bigint: true })));
  return others.some(({ dev, ino }) => dev === namespace.device && ino === namespace.inode);
}

async function check(call: CniCall, name: PodName, deps: CallDeps): Promise<CniResult> {
  const { arrivals, hostProc } = deps;
  const pod = arrivals.find(name);
  if (pod === undefined) return SUCCESS;
  const path = pathHere(call.netns, hostProc);
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    if (arrivals.isCapturedIn(pod, { device: dev, inode: ino })) return SUCCESS;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return refusal(`the network namespace ${call.netns} cannot be looked at: ${describeError(error)}`);
  }
  return cniFailure(
    CNI_CODES.tryLater,
    `pod ${name.namespace}/${name.name} is to be in the mesh, and is not captured in ${call.netns}`,
  );
}

function collect({ valid }: CniCall, arrivals: Arrivals): void {
  // A runtime that does not say what is to stay has nothing to be collected.
  if (valid === undefined) return;
  for (const attachment of arrivals.attachments()) {
    const stays = valid.some(
      ({ containerId, interfaceName }) =>
        containerId === attachment.containerId && interfaceName === attachment.interfaceName,
    );
    if (!stays) arrivals.detach(attachment);
  }
}
