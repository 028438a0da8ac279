import type { PodProxy } from './ports.ts';

/** The proxy that serves a pod, and those of earlier enrolments whose connections still live. */
export interface PodProxies {
  readonly isServing: boolean;
  /** How many drain. */
  readonly draining: number;
  /** Does nothing while there is one that serves. */
  serve(start: () => Promise<PodProxy>): Promise<void>;
  /** The one that serves takes nothing new, and drains. */
  setAside(): void;
  /** Resolves when every one that drains has ended. Never rejects. */
  drained(): Promise<void>;
  /** Resets what drains; the one that serves goes on. */
  destroyDraining(cause: Error): void;
  /** Resets everything. */
  destroy(cause: Error): void;
}

/** `onDrainFailure`: one could not be drained, and is let go all the same. */
export function createPodProxies(onDrainFailure: (error: unknown) => void): PodProxies {
  let serving: PodProxy | undefined;
  const draining = new Map<PodProxy, Promise<void>>();
  const destroyDraining = (cause: Error): void => {
    for (const proxy of draining.keys()) proxy.destroy(cause);
    draining.clear();
  };
  return {
    get isServing() {
      return serving !== undefined;
    },
    get draining() {
      return draining.size;
    },
    async serve(start) {
      serving ??= await start();
    },
    setAside() {
      const proxy = serving;
      serving = undefined;
      if (proxy === undefined) return;
      const drained = proxy.drain().catch(onDrainFailure);
      draining.set(
        proxy,
        drained.then(() => void draining.delete(proxy)),
      );
    },
    async drained() {
      await Promise.all(draining.values());
    },
    destroyDraining,
    destroy(cause) {
      serving?.destroy(cause);
      serving = undefined;
      destroyDraining(cause);
    },
  };
}
