import { setImmediate } from 'node:timers/promises';
import { causeOf, describeError, type Logger } from '../../base/index.ts';
import { closeDescriptors, NetError, type Packet, type PacketSocket } from '../../net/index.ts';
import {
  type AgentPod,
  type AgentRequest,
  decodeAgentRequest,
  encodeAgentAck,
  encodeAgentHello,
} from '../../wire/index.ts';
import { ZtunnelError } from '../errors.ts';

/** How long the agent may take for a packet: to read ours, and to go on with its snapshot (wire.md §3.9). */
const PACKET_TIMEOUT_MS = 5_000;

/** What an agent asks for. What these throw or reject with is what the agent is told. */
export interface AgentListener {
  /** A new connection: the agent begins with all pods that it knows. */
  begin(): void;
  /** All of them have been told. */
  readonly isComplete: boolean;
  /** Resolves when the pod is served. `namespace` is the descriptor of its network namespace, the listener's to close. */
  add(pod: AgentPod, namespace: number): Promise<void>;
  keep(uid: string): void;
  del(uid: string): void;
  snapshotSent(): void;
  /** Something of the snapshot could not be understood: who is not mentioned may have been in it. */
  missed(): void;
}

/**
 * One connection with an agent: says hello, then does what it is asked for, one request after the other, and acknowledges each.
 * Resolves when the agent has ended the connection, rejects when it broke. A bad packet is answered with what is wrong with it, and
 * harms nothing else. `mayLog` says whether one more may be logged.
 */
export async function followAgent(
  socket: PacketSocket,
  listener: AgentListener,
  log: Logger,
  mayLog: () => boolean,
): Promise<void> {
  await socket.send(encodeAgentHello(), PACKET_TIMEOUT_MS);
  for (;;) {
    const request = await nextRequest(socket, listener);
    if (request === 'end') return;
    let problem = '';
    try {
      await answer(request, listener);
    } catch (error) {
      problem = describeError(error);
      if (mayLog()) log.warn('request of the agent not done', { error });
    }
    await socket.send(encodeAgentAck(problem), PACKET_TIMEOUT_MS);
    // The next may be there already, and the one after it: what else there is to do must get its turn.
    await setImmediate();
  }
}

/** Undefined in place of a packet: it was cut, and `cause` says how. */
type Received = { readonly packet: Packet } | { readonly packet: undefined; readonly cause: unknown };

async function nextRequest(socket: PacketSocket, listener: AgentListener): Promise<Received | 'end'> {
  try {
    const packet = await socket.receive(listener.isComplete ? undefined : PACKET_TIMEOUT_MS);
    return packet === undefined ? 'end' : { packet };
  } catch (cause) {
    if (causeOf(cause, NetError)?.code === 'ERR_NET_PACKET_CUT') return { packet: undefined, cause };
    throw cause;
  }
}

async function answer(received: Received, listener: AgentListener): Promise<void> {
  const { packet } = received;
  if (packet === undefined) {
    listener.missed();
    throw received.cause;
  }
  const request = decoded(packet, listener);
  if (request.kind === 'add') {
    const [namespace, ...more] = packet.descriptors;
    if (namespace !== undefined && more.length === 0) {
      await listener.add(request.pod, namespace);
      return;
    }
    closeDescriptors(packet.descriptors);
    // It is there all the same.
    listener.keep(request.pod.uid);
    throw wrongDescriptors(request, packet);
  }
  closeDescriptors(packet.descriptors);
  if (request.kind === 'snapshot-sent') listener.snapshotSent();
  else listener[request.kind](request.uid);
}

function decoded(packet: Packet, listener: AgentListener): AgentRequest {
  try {
    return decodeAgentRequest(packet.bytes);
  } catch (error) {
    closeDescriptors(packet.descriptors);
    listener.missed();
    throw error;
  }
}

function wrongDescriptors({ pod }: { readonly pod: AgentPod }, { descriptors }: Packet): ZtunnelError {
  return new ZtunnelError({
    code: 'ERR_ZTUNNEL_AGENT_REQUEST',
    blame: 'upstream',
    message: `expected one descriptor, the network namespace of ${pod.namespace}/${pod.name}, got ${descriptors.length}`,
  });
}
