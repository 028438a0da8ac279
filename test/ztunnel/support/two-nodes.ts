import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { silentLogger, systemClock } from '../../../src/base/index.ts';
import {
  type EnrolmentPod,
  parseIpAddress,
  type Workload,
  workloadIdentity,
} from '../../../src/model/index.ts';
import { resolveZtunnelConfig, type ZtunnelOptions } from '../../../src/ztunnel/config/index.ts';
import { type ConnectionDetails, type ConnectionEnd, createRefusalTeller } from '../../../src/proxy/index.ts';
import { createTracer } from '../../../src/telemetry/index.ts';
import { createNodeProxy, type NodeProxy } from '../../../src/ztunnel/node-proxy.ts';
import { makeWorkload } from '../../model/mesh-fixtures.ts';
import { startTestController, type TestController } from './test-controller.ts';
import { createTopology, type TestNode, type TestPod, type Topology } from './topology.ts';
import { DEFAULT_MODES } from './pod-of.ts';

export interface JournalEntry {
  readonly node: string;
  readonly event: 'opened' | 'closed' | 'failed' | 'rejected';
  readonly details?: ConnectionDetails;
  readonly end?: ConnectionEnd;
  readonly error?: Error;
}

/** A mesh of two nodes in one process: real kernel, real tunnels, real certificates. */
export interface TwoNodes {
  readonly topology: Topology;
  readonly controller: TestController;
  readonly journal: JournalEntry[];
  /** In the order they were started. */
  readonly proxies: readonly NodeProxy[];
  /** `over`: what only this one is told otherwise. */
  startProxy(node: TestNode, over?: ZtunnelOptions): Promise<NodeProxy>;
  /** A workload for the pod, known to the controller, not enrolled. */
  addPod(node: TestNode, name: string, over?: Partial<Workload>): { pod: TestPod; workload: Workload };
  /** Without waiting. */
  enrolNow(added: { pod: TestPod; workload: Workload }, over?: Partial<EnrolmentPod>): void;
  enrol(added: { pod: TestPod; workload: Workload }, over?: Partial<EnrolmentPod>): Promise<void>;
  unenrol(added: { pod: TestPod; workload: Workload }): Promise<void>;
  /** Waits until `probe` holds; rejects after `limitMs`. */
  until(what: string, probe: () => boolean, limitMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function createTwoNodes(
  over: ZtunnelOptions = {},
  controllerOptions: Parameters<typeof startTestController>[0] = {},
): Promise<TwoNodes> {
  const topology = createTopology('zt');
  const controller = await startTestController(controllerOptions);
  const journal: JournalEntry[] = [];
  const proxies: NodeProxy[] = [];

  const until: TwoNodes['until'] = async (what, probe, limitMs = 5_000) => {
    const deadline = Date.now() + limitMs;
    while (!probe()) {
      if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  return {
    topology,
    controller,
    journal,
    proxies,
    async startProxy(node, ofNode = {}) {
      const tokenFile = join(controller.directory, `${node.name}.token`);
      writeFileSync(tokenFile, node.name);
      const config = resolveZtunnelConfig({
        node: node.name,
        controller: `127.0.0.1:${controller.port}`,
        controllerName: 'controller.test',
        rootCertFile: join(controller.directory, 'root.pem'),
        tokenFile,
        stateFile: join(controller.directory, `${node.name}.state`),
        drainTimeout: '2s',
        ...over,
        ...ofNode,
      });
      const note = (event: JournalEntry['event']) => (details: ConnectionDetails, end?: ConnectionEnd) => {
        journal.push({ node: node.name, event, details, ...(end === undefined ? {} : { end }) });
      };
      const proxy = createNodeProxy(config, {
        version: '0.1.0',
        journal: {
          opened(details) {
            note('opened')(details);
            return { closed: (end) => note('closed')(details, end) };
          },
          failed: note('failed'),
        },
        tracer: createTracer({ ratio: 0, sinks: [] }),
        rulesOf: () => ({ accessLogs: undefined, tracing: undefined, metrics: undefined }),
        clock: systemClock,
        log: process.env.ZT_LOG === '1' ? consoleLogger : silentLogger,
        random: Math.random,
        onTunnelRejected: (_pod, { error }) => journal.push({ node: node.name, event: 'rejected', error }),
        onDrained: () => Promise.resolve(),
        onDryRun: () => undefined,
        onWaypointBypass: () => undefined,
        refusals: createRefusalTeller({
          proxy: `ztunnel/${node.name}`,
          instance: 'i1',
          verdicts: new Set(['ERR_ZTUNNEL_DENIED']),
          details: 'full',
        }),
        tunnels: { opened: () => () => undefined, failed: () => undefined },
        onDecided: () => undefined,
        onCniCall: () => undefined,
      });
      proxies.push(proxy);
      await proxy.start();
      return proxy;
    },
    addPod(node, name, over = {}) {
      const pod = node.addPod(`shop.${name}`);
      const addresses = [parseIpAddress(pod.v4), parseIpAddress(pod.v6)];
      const workload = makeWorkload({ name, node: node.name, addresses, ...over });
      controller.setWorkload(workload);
      return { pod, workload };
    },
    enrolNow: ({ pod, workload }, over = {}) => controller.enrol(enrolmentOf(pod, workload, over), pod.node),
    async enrol({ pod, workload }, over = {}) {
      controller.enrol(enrolmentOf(pod, workload, over), pod.node);
      await until(
        `${workload.name} captured`,
        () => controller.reports.some(({ uid, state }) => uid === workload.uid && state === 'captured'),
        60_000,
      );
    },
    async unenrol({ workload }) {
      controller.unenrol(workload.uid);
      await until(
        `${workload.name} released`,
        () => controller.reports.some(({ uid, state }) => uid === workload.uid && state === 'released'),
        60_000,
      );
    },
    until,
    async close() {
      for (const proxy of proxies) proxy.destroy();
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await controller.close();
      topology.close();
    },
  };
}

function enrolmentOf(pod: TestPod, workload: Workload, over: Partial<EnrolmentPod>): EnrolmentPod {
  const { trustDomain, namespace, serviceAccount } = workload;
  return {
    uid: workload.uid,
    namespace,
    name: workload.name,
    identity: workloadIdentity({ trustDomain, namespace, serviceAccount }),
    kubernetesUid: '',
    addresses: workload.addresses,
    netns: pod.name,
    heldBy: '',
    isNew: false,
    waypointBypass: 'count',
    accessLog: 'all',
    telemetry: undefined,
    modes: DEFAULT_MODES,
    ...over,
  };
}

const consoleLogger = {
  trace: () => undefined,
  debug: print,
  info: print,
  warn: print,
  error: print,
  child: () => consoleLogger,
};

function print(event: string, fields?: Readonly<Record<string, unknown>>): void {
  process.stderr.write(`${event} ${JSON.stringify(fields ?? {})}\n`);
}
