import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { conformancePath } from '../../../support/conformance.ts';
import { endProcess } from '../../../support/netns.ts';
import type { TestPod } from '../../support/topology.ts';

/** A pod as an agent has it in its cache; `netns` null: it has lost the namespace. */
export interface CachedPod {
  readonly name: string;
  readonly namespace: string;
  readonly account: string;
  readonly netns: string | null;
}

export interface AgentEvent {
  readonly event: 'listening' | 'hello' | 'snapshot' | 'gone' | 'broken' | 'unasked';
  readonly hex?: string;
  readonly connections?: number;
  readonly errors?: Readonly<Record<string, string>>;
}

/** An agent in a process of its own, in another language. */
export interface CniAgent {
  readonly path: string;
  readonly events: readonly AgentEvent[];
  /** What its snapshots have from now on. */
  setPods(pods: Readonly<Record<string, CachedPod>>): Promise<void>;
  /** Resolves with the ztunnel's error; empty: it has the pod. */
  add(uid: string, pod: CachedPod): Promise<string>;
  /** Resolves with the error of each ztunnel. */
  del(uid: string): Promise<readonly string[]>;
  raw(hex: string, files?: readonly string[]): Promise<string>;
  breakConnections(): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startCniAgent(path: string): Promise<CniAgent> {
  const child = spawn('python3', [join(import.meta.dirname, '../programs/cni_agent.py'), path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const events: AgentEvent[] = [];
  const waiting: ((answer: Record<string, unknown>) => void)[] = [];
  const listening = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (process.env.ZT_LOG === '1') process.stderr.write(`[agent] ${line}\n`);
    const said = JSON.parse(line) as { readonly event?: string; readonly answer?: Record<string, unknown> };
    if (said.answer !== undefined) waiting.shift()?.(said.answer);
    else {
      events.push(said as AgentEvent);
      listening.resolve();
    }
  });
  await Promise.race([listening.promise, once(child, 'close')]);

  const ask = (order: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const answer = new Promise<Record<string, unknown>>((resolve) => waiting.push(resolve));
    child.stdin.write(`${JSON.stringify(order)}\n`);
    return answer;
  };
  const told = async (order: Record<string, unknown>): Promise<string> => {
    const { error, failed } = await ask(order);
    return String(failed ?? error);
  };
  return {
    path,
    events,
    setPods: async (pods) => void (await ask({ do: 'pods', pods })),
    add: (uid, pod) => told({ do: 'add', uid, pod }),
    async del(uid) {
      const { errors } = await ask({ do: 'del', uid });
      return errors as readonly string[];
    },
    raw: (hex, files = []) => told({ do: 'raw', hex, files }),
    breakConnections: async () => void (await ask({ do: 'break' })),
    restart: async () => void (await ask({ do: 'restart' })),
    close: () => endProcess(child),
  };
}

/** What Istio's agent does in a pod's network namespace: the rules of its own golden file, without DNS, and the routes. */
export function captureAsIstio({ netns }: TestPod): void {
  const text = readFileSync(
    conformancePath('istio/pod-redirection/iptables/dns_pod_disabled_and_on_globally_ipv6.golden'),
    'utf8',
  );
  const [, ...tables] = text.replaceAll(/^\* /gm, '*').split(/(?=^\*mangle)/m);
  for (const [index, family] of [
    [0, ''],
    [1, '6'],
  ] as const) {
    const rules = tables[index];
    if (rules === undefined) throw new Error(`expected rules of two families in the golden file`);
    netns.namespace.inside(() =>
      execFileSync(`ip${family}tables-restore`, ['--noflush'], { input: rules, timeout: 20_000 }),
    );
    const ip = family === '' ? [] : ['-6'];
    netns.run('ip', ...ip, 'rule', 'add', 'fwmark', '0x111/0xfff', 'pref', '32764', 'lookup', '100');
    netns.run(
      'ip',
      ...ip,
      'route',
      'add',
      'local',
      family === '' ? '0.0.0.0/0' : '::/0',
      'dev',
      'lo',
      'table',
      '100',
    );
  }
}

/** And what it does there when it lets a pod go: jumps and chains first, then the routes. */
export function releaseAsIstio({ netns }: TestPod): void {
  for (const family of ['', '6']) {
    const iptables = `ip${family}tables`;
    const ip = family === '' ? 'ip' : 'ip -6';
    const unhook = ['nat', 'mangle'].flatMap((table) => [
      `${iptables} -t ${table} -D PREROUTING -j ISTIO_PRERT`,
      `${iptables} -t ${table} -D OUTPUT -j ISTIO_OUTPUT`,
    ]);
    const chains = ['nat', 'mangle'].flatMap((table) =>
      ['ISTIO_PRERT', 'ISTIO_OUTPUT'].map(
        (chain) => `${iptables} -t ${table} -F ${chain} && ${iptables} -t ${table} -X ${chain}`,
      ),
    );
    const routes = [`${ip} rule del pref 32764`, `${ip} route flush table 100`];
    netns.run('sh', '-ec', [...unhook, ...chains, ...routes].join('\n'));
  }
}
