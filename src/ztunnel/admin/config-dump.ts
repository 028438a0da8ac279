import { type MeshView, serviceKey } from '../../model/index.ts';
import { dumpPolicy } from './dump-policy.ts';
import { dumpService } from './dump-service.ts';
import { type DumpedPod, dumpState } from './dump-state.ts';
import { dumpWorkload } from './dump-workload.ts';

/** What is dumped. No secret may be in it. */
export interface ConfigDumpInput {
  readonly view: MeshView;
  readonly pods: readonly DumpedPod[];
  /** Already in the dump's shape; certificates only, never keys. */
  readonly certificates: readonly unknown[];
  readonly version: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Everything this proxy knows, in the shape that `istioctl ztunnel-config` reads (wire.md §5.3). */
export function configDump(input: ConfigDumpInput): Record<string, unknown> {
  const { view } = input;
  return {
    workloads: keyed(
      [...view.workloads()],
      (workload) => [...workload.addresses.map((address) => `${workload.network}/${address}`), workload.uid],
      dumpWorkload,
    ),
    services: keyed(
      [...view.services()],
      (service) => [
        ...service.addresses.map(({ network, address }) => `${network}/${address}`),
        serviceKey(service.namespace, service.hostname),
      ],
      (service) => dumpService(service, view.allEndpoints(serviceKey(service.namespace, service.hostname))),
    ),
    policies: [...view.policies()].map(dumpPolicy),
    stagedServices: view.stagedServices(),
    staticConfig: null,
    version: input.version,
    config: input.config,
    certificates: input.certificates,
    workloadState: dumpState(input.pods),
  };
}

/** Each under the first of its names that is still free: addresses may be shared, uids and hostnames are not. */
function keyed<T>(
  things: readonly T[],
  names: (thing: T) => readonly string[],
  dump: (thing: T) => unknown,
): Record<string, unknown> {
  const shown = new Map<string, unknown>();
  for (const thing of things) {
    const candidates = names(thing);
    const name = candidates.find((candidate) => !shown.has(candidate)) ?? candidates.at(-1) ?? '';
    shown.set(name, dump(thing));
  }
  return Object.fromEntries(shown);
}
