import { describeError, type Logger } from '../../base/index.ts';
import type { ObjectStore } from '../cluster/index.ts';
import type { NodeAddresses } from './addresses.ts';
import { inNamespace, runCommand } from './commands.ts';
import { serviceRules } from './service-rules.ts';

/** Which objects, and on which nodes. */
export interface ServiceProxyOptions {
  readonly store: ObjectStore;
  readonly nodes: readonly { readonly name: string; readonly addresses: NodeAddresses }[];
  readonly environment: Readonly<Record<string, string>>;
  readonly log: Logger;
}

/** The nodes' rules, for as long as they are kept in step. */
export interface ServiceProxy {
  /** Resolves when every node has rules at least as new as the objects are now. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Changes that arrive within this time become one update. */
const BATCH_MS = 15;
const RETRY_MS = 1_000;

/** Keeps each node's nat rules in step with Services and EndpointSlices. */
export function startServiceProxy(options: ServiceProxyOptions): ServiceProxy {
  const { store, log } = options;
  const written = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let open = true;

  const updateNode = async (name: string, addresses: NodeAddresses, family: 4 | 6): Promise<void> => {
    const rules = serviceRules({
      services: store.list('Service'),
      slices: store.list('EndpointSlice'),
      node: name,
      localPods: family === 4 ? addresses.podCidrV4 : addresses.podCidrV6,
      family,
    });
    const key = `${name}/${family}`;
    if (written.get(key) === rules) return;
    const program = family === 4 ? 'iptables-restore' : 'ip6tables-restore';
    await runCommand(inNamespace(name, [program, '--noflush', '-w', '5']), {
      input: rules,
      environment: options.environment,
    });
    written.set(key, rules);
  };

  const updateAll = async (): Promise<void> => {
    const updates = options.nodes.flatMap(({ name, addresses }) => [
      updateNode(name, addresses, 4),
      updateNode(name, addresses, 6),
    ]);
    const failures = (await Promise.allSettled(updates)).filter((result) => result.status === 'rejected');
    for (const { reason } of failures)
      log.error('service rules not written', { error: describeError(reason) });
    if (failures.length > 0) schedule(RETRY_MS);
  };

  const start = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    // One at a time per lab: two restores into one namespace would overtake each other.
    running = (running ?? Promise.resolve()).then(updateAll);
    return running;
  };
  const schedule = (delayMs: number): void => {
    if (open) timer ??= setTimeout(start, delayMs);
  };

  const unsubscribe = store.changes.subscribe(({ object }) => {
    if (object.kind === 'Service' || object.kind === 'EndpointSlice') schedule(BATCH_MS);
  });
  schedule(0);
  return {
    settled: start,
    async close() {
      open = false;
      unsubscribe();
      clearTimeout(timer);
      await running;
    },
  };
}
