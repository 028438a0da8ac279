import type { MeshViewChange, ServiceKey, WorkloadUid } from '../../model/index.ts';
import { type Backend, createBackend } from './backend.ts';
import type { BackendRef } from './endpoints/known-endpoints.ts';
import type { IdleList } from './connections/idle-list.ts';
import type { UpstreamDeps } from './upstream-deps.ts';

/** The backends in use, which outlive every change of configuration and go with their service or pod. */
export interface BackendRegistry {
  /** Undefined: the mesh does not know the service or pod. */
  find(ref: BackendRef): Backend | undefined;
  /** Whether the backend is in use. */
  has(ref: BackendRef): boolean;
  all(): readonly Backend[];
  /** The mesh has changed. */
  follow(change: MeshViewChange): void;
}

/** Makes a backend with the first request for it. `processIdle` lists the idle connections of all of them. */
export function createBackendRegistry(deps: UpstreamDeps, processIdle: IdleList): BackendRegistry {
  const { view, self, events } = deps;
  const byOwner = new Map<ServiceKey | WorkloadUid, Map<string | number, Backend>>();
  let size = 0;

  function drop(owner: ServiceKey | WorkloadUid, slot: string | number, backend: Backend): void {
    const slots = byOwner.get(owner);
    slots?.delete(slot);
    if (slots?.size === 0) byOwner.delete(owner);
    size -= 1;
    backend.retire();
    events.dropped({ backend: backend.name });
  }

  /** Ports of pods are the client's choice: there may be many, and hardly one of them in use. */
  function makeRoom(): void {
    if (size < MOST_BACKENDS) return;
    for (const [owner, slots] of byOwner) {
      for (const [slot, backend] of slots) {
        if (!backend.isIdle) continue;
        drop(owner, slot, backend);
        return;
      }
    }
  }

  function isKnown(ref: BackendRef): boolean {
    if (ref.kind === 'workload') return view.workload(ref.uid) !== undefined;
    return view.service(ref.service)?.ports.some(({ servicePort }) => servicePort === ref.port) ?? false;
  }

  function review(owner: ServiceKey | WorkloadUid): void {
    for (const [slot, backend] of byOwner.get(owner) ?? []) {
      if (isKnown(backend.ref)) backend.refresh();
      else drop(owner, slot, backend);
    }
  }

  function placeOf(ref: BackendRef) {
    return ref.kind === 'service'
      ? { owner: ref.service, slot: ref.port }
      : { owner: ref.uid, slot: `${ref.address} ${ref.port}` };
  }

  return {
    has(ref) {
      const { owner, slot } = placeOf(ref);
      return byOwner.get(owner)?.has(slot) ?? false;
    },
    find(ref) {
      const { owner, slot } = placeOf(ref);
      const known = byOwner.get(owner)?.get(slot);
      if (known !== undefined) return known;
      if (!isKnown(ref)) return undefined;
      makeRoom();
      const made = createBackend(ref, deps, processIdle);
      const slots = byOwner.get(owner) ?? new Map<string | number, Backend>();
      byOwner.set(owner, slots.set(slot, made));
      size += 1;
      return made;
    },
    all: () => [...byOwner.values()].flatMap((slots) => [...slots.values()]),
    follow({ services, workloads }) {
      const own = self();
      if (own !== undefined && workloads.has(own.uid)) {
        // What is near has changed for everybody.
        for (const owner of [...byOwner.keys()]) review(owner);
        return;
      }
      for (const key of services) review(key);
      for (const uid of workloads) review(uid);
    },
  };
}

/** Far more than there are services; each costs some kilobytes. */
const MOST_BACKENDS = 20_000;
