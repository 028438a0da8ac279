import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type Backoff, createBackoff } from '../../base/index.ts';
import type { Container, ContainerState, ContainerStatus, RestartPolicy } from '../cluster/objects/index.ts';
import type { ProbeOutcome } from '../node-agent/index.ts';
import { type ContainerCommand, containerCommand } from './container-command.ts';
import { logFileName, type PodRuntime } from './pod-context.ts';
import { signalGroup, spawnInPod } from './pod-process.ts';
import { type Mount, planMounts } from './volumes/index.ts';
import { type ProbeLoop, type ProbeTarget, performProbe, startProbeLoop } from './prober.ts';

/** One container, from its first start to its last end. */
export interface ContainerWorker {
  readonly status: ContainerStatus;
  readonly mounts: readonly Mount[];
  /** Resolves with the exit code when it has ended and will not be started again. */
  readonly finished: Promise<number>;
  /** preStop hook, SIGTERM to the group, SIGKILL after the grace period. Resolves when it has ended. */
  stop(gracePeriodMs: number): Promise<void>;
  kill(): void;
  exec(command: readonly string[], timeoutMs: number): Promise<ProbeOutcome>;
}

/** A run at least this long makes the next restart quick again. */
const STEADY_MS = 10_000;

/** Starts it at once, and again as `restartPolicy` says, after longer and longer times. */
export function startContainer(
  runtime: PodRuntime,
  container: Container,
  restartPolicy: RestartPolicy,
): ContainerWorker {
  const { promise: finished, resolve: finish } = Promise.withResolvers<number>();
  const backoff: Backoff = createBackoff({ initialMs: 300, maximumMs: 30_000, factor: 2 });
  let state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  let lastState: ContainerState | undefined;
  let restartCount = 0;
  let ready = false;
  let started = false;
  let child: ChildProcess | undefined;
  let stopping = false;
  let restartTimer: NodeJS.Timeout | undefined;
  let loops: ProbeLoop[] = [];
  let startedAtMs = 0;

  const { mounts, ignored } = planMounts(container, runtime.pod().spec, runtime.place.volumesDirectory);
  const publish = (): void => runtime.publish();
  const warn = (reason: string, message: string): void =>
    runtime.context.events.warning(runtime.pod(), reason, `${container.name}: ${message}`);

  const commandOf = (): ContainerCommand | undefined => {
    const { images, baseEnvironment } = runtime.context;
    const command = containerCommand({ pod: runtime.pod(), container, images, baseEnvironment, mounts });
    if (!('refused' in command)) return command;
    state = { waiting: { reason: command.reason, message: command.message } };
    warn(command.reason, command.message);
    publish();
    return undefined;
  };

  const exec = (command: readonly string[], timeoutMs: number): Promise<ProbeOutcome> => {
    const base = commandOf();
    if (base === undefined) return Promise.resolve({ ok: false, message: 'the container cannot run' });
    return execToEnd(
      spawnInPod(runtime.place, { ...base, argv: command }, ['ignore', 'pipe', 'pipe']),
      timeoutMs,
    );
  };

  const target: ProbeTarget = {
    get pod() {
      return runtime.pod();
    },
    container,
    agent: runtime.node.agent,
    exec,
  };

  const stopLoops = (): void => {
    for (const loop of loops) loop.stop();
    loops = [];
  };

  const watchHealth = (): void => {
    const { readinessProbe, livenessProbe } = container;
    started = true;
    if (readinessProbe === undefined) ready = true;
    else {
      loops.push(
        startProbeLoop(readinessProbe, target, (healthy, message) => {
          // Not being ready yet is no event: only ceasing to be is.
          if (!healthy && ready) warn('Unhealthy', `readiness probe failed: ${message}`);
          ready = healthy;
          publish();
        }),
      );
    }
    if (livenessProbe !== undefined) {
      loops.push(
        startProbeLoop(livenessProbe, target, (healthy, message) => healthy || restart('liveness', message)),
      );
    }
    publish();
  };

  const restart = (probe: string, message: string): void => {
    warn('Unhealthy', `${probe} probe failed, restarting: ${message}`);
    if (child !== undefined)
      void endProcess(child, (runtime.pod().spec.terminationGracePeriodSeconds ?? 30) * 1_000);
  };

  const onExit = (code: number): void => {
    stopLoops();
    child = undefined;
    ready = false;
    started = false;
    const reason = code === 0 ? 'Completed' : 'Error';
    state = { terminated: { exitCode: code, reason, finishedAt: new Date().toISOString() } };
    const again = !stopping && (restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && code !== 0));
    if (!again) {
      finish(code);
      publish();
      return;
    }
    lastState = state;
    if (Date.now() - startedAtMs > STEADY_MS) backoff.reset();
    const delayMs = backoff.next();
    const message = `exited with ${code}, restarting in ${Math.round(delayMs)} ms`;
    state = { waiting: { reason: 'CrashLoopBackOff', message } };
    warn('BackOff', message);
    restartTimer = setTimeout(() => {
      restartCount += 1;
      start();
    }, delayMs);
    publish();
  };

  const start = (): void => {
    const command = commandOf();
    if (command === undefined) return;
    const { namespace, name } = runtime.pod().metadata;
    const log = openSync(
      join(runtime.context.logsDirectory, logFileName(namespace, name, container.name)),
      'a',
    );
    const current = spawnInPod(runtime.place, command, ['ignore', log, log]);
    closeSync(log);
    child = current;
    startedAtMs = Date.now();
    state = { running: { startedAt: new Date().toISOString() } };
    current.on('error', (error) => {
      warn('Failed', error.message);
      onExit(128);
    });
    current.on('exit', (code, signal) => {
      // What the main process left behind ends with it.
      signalGroup(current, 'SIGKILL');
      if (child === current) onExit(code ?? 128 + (signal === 'SIGKILL' ? 9 : signal === 'SIGTERM' ? 15 : 0));
    });
    const { startupProbe, lifecycle } = container;
    if (lifecycle?.postStart?.exec !== undefined) void exec(lifecycle.postStart.exec.command, 30_000);
    if (startupProbe === undefined) watchHealth();
    else {
      const loop = startProbeLoop(startupProbe, target, (healthy, message) => {
        loop.stop();
        if (healthy) watchHealth();
        else restart('startup', message);
      });
      loops.push(loop);
      publish();
    }
  };

  if (ignored.length > 0) warn('VolumesIgnored', ignored.join('; '));
  start();
  return {
    get status() {
      const image = container.image ?? '';
      const status = { name: container.name, image, ready, started, restartCount, state };
      return lastState === undefined ? status : { ...status, lastState };
    },
    mounts,
    finished,
    exec,
    async stop(gracePeriodMs) {
      stopping = true;
      clearTimeout(restartTimer);
      const running = child;
      if (running === undefined) {
        finish(0);
        return;
      }
      const deadline = Date.now() + gracePeriodMs;
      const hook = container.lifecycle?.preStop;
      if (hook?.sleep !== undefined) await pause(Math.min(hook.sleep.seconds * 1_000, gracePeriodMs));
      else if (hook !== undefined) {
        const { ok, message } = await performProbe(hook, gracePeriodMs, target);
        if (!ok) warn('FailedPreStopHook', message);
      }
      stopLoops();
      // Kubernetes, too, gives two more seconds when the hook has used up the grace period.
      await endProcess(running, Math.max(gracePeriodMs === 0 ? 0 : 2_000, deadline - Date.now()));
      await finished;
    },
    kill() {
      stopping = true;
      clearTimeout(restartTimer);
      stopLoops();
      if (child === undefined) finish(137);
      else signalGroup(child, 'SIGKILL');
    },
  };
}

function endProcess(child: ChildProcess, gracePeriodMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), gracePeriodMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    signalGroup(child, gracePeriodMs === 0 ? 'SIGKILL' : 'SIGTERM');
  });
}

function execToEnd(child: ChildProcess, timeoutMs: number): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    let output = '';
    const take = (chunk: Buffer): void => {
      if (output.length < 2_000) output += chunk.toString('utf8');
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ ok: false, message: error.message });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({
        ok: code === 0,
        message: code === null ? `no end within ${timeoutMs} ms` : `exit ${code}: ${output.trim()}`,
      });
    });
  });
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
