import {
  type Container,
  containerPortOf,
  type PodObject,
  type Probe,
  type ProbeAction,
} from '../cluster/objects/index.ts';
import type { NodeAgent, ProbeOutcome } from '../node-agent/index.ts';

/** What is probed, and from where. */
export interface ProbeTarget {
  readonly pod: PodObject;
  readonly container: Container;
  readonly agent: NodeAgent;
  /** Runs a command in the container. */
  exec(command: readonly string[], timeoutMs: number): Promise<ProbeOutcome>;
}

/** Performs one check from where the kubelet would: the node for HTTP and TCP, the container for commands. */
export function performProbe(
  action: ProbeAction,
  timeoutMs: number,
  target: ProbeTarget,
): Promise<ProbeOutcome> {
  const { pod, agent } = target;
  if (action.exec !== undefined) return target.exec(action.exec.command, timeoutMs);
  const { httpGet, tcpSocket } = action;
  const wanted = httpGet?.port ?? tcpSocket?.port ?? 0;
  const port = containerPortOf(pod.spec, wanted);
  if (port === undefined)
    return Promise.resolve({ ok: false, message: `no container port is called ${JSON.stringify(wanted)}` });
  return agent.probe({
    kind: httpGet === undefined ? 'tcp' : 'http',
    host: httpGet?.host ?? tcpSocket?.host ?? pod.status?.podIP ?? '',
    port,
    path: httpGet?.path ?? '/',
    scheme: httpGet?.scheme ?? 'HTTP',
    headers: (httpGet?.httpHeaders ?? []).map(({ name, value }) => [name, value] as const),
    timeoutMs,
  });
}

/** A probe that goes on. */
export interface ProbeLoop {
  stop(): void;
}

/** Until a probe has succeeded once, it is repeated at least this often: nobody wants to wait for a period. */
const EAGER_MS = 300;

/** Calls `onResult` each time the verdict changes after as many equal outcomes as the thresholds ask for. */
export function startProbeLoop(
  probe: Probe,
  target: ProbeTarget,
  onResult: (healthy: boolean, message: string) => void,
): ProbeLoop {
  const periodMs = (probe.periodSeconds ?? 10) * 1_000;
  let streak = 0;
  let last: boolean | undefined;
  let verdict: boolean | undefined;
  let stopped = false;
  let timer = setTimeout(check, (probe.initialDelaySeconds ?? 0) * 1_000);

  async function check(): Promise<void> {
    const { ok, message } = await performProbe(probe, (probe.timeoutSeconds ?? 1) * 1_000, target);
    if (stopped) return;
    streak = ok === last ? streak + 1 : 1;
    last = ok;
    const enough = ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (streak >= enough && verdict !== ok) {
      verdict = ok;
      onResult(ok, message);
    }
    // The verdict may have ended the loop.
    if (!stopped) timer = setTimeout(check, verdict === true ? periodMs : Math.min(periodMs, EAGER_MS));
  }
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
