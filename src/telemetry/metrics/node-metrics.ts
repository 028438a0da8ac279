import { METRICS } from './metric-table.ts';
import { makeCounter, makeGauge, type MetricsRegistry } from './registry.ts';

/** Why a stream to the control plane ended, in Istio's words. */
export type XdsTermination = 'ConnectionError' | 'Error' | 'Reconnect' | 'Complete';

/** A proxy's stream to the control plane. */
export interface XdsMetrics {
  message(typeUrl: string, sizeBytes: number): void;
  terminated(reason: XdsTermination): void;
}

/** Registers them. Once for each registry. */
export function createXdsMetrics(registry: MetricsRegistry): XdsMetrics {
  const messages = makeCounter(registry, METRICS.xdsMessages);
  const bytes = makeCounter(registry, METRICS.xdsMessageBytes);
  const terminations = makeCounter(registry, METRICS.xdsConnectionTerminations);
  return {
    message(url, sizeBytes) {
      messages.inc({ url });
      bytes.inc({ url }, sizeBytes);
    },
    terminated: (reason) => terminations.inc({ reason }),
  };
}

/** The enrolment of a node's pods. */
export interface NodeMetrics {
  proxyStarted(): void;
  proxyStopped(): void;
  /** A call of the node's CNI plugin was answered. */
  cniCall(command: string, outcome: 'success' | 'failure'): void;
}

/** Where to register, and what to read. */
export interface NodeMetricsOptions {
  readonly registry: MetricsRegistry;
  /** Read at each scrape. */
  readonly proxies: () => { readonly active: number; readonly pending: number };
}

/** Registers them all. Once for each registry. */
export function createNodeMetrics({ registry, proxies }: NodeMetricsOptions): NodeMetrics {
  const started = makeCounter(registry, METRICS.proxiesStarted);
  const stopped = makeCounter(registry, METRICS.proxiesStopped);
  const cniCalls = makeCounter(registry, METRICS.cniCalls);
  makeGauge(registry, METRICS.activeProxies, (self) => self.set(proxies().active));
  makeGauge(registry, METRICS.pendingProxies, (self) => self.set(proxies().pending));
  return {
    proxyStarted: () => started.inc(),
    proxyStopped: () => stopped.inc(),
    cniCall: (command, outcome) => cniCalls.inc({ command, outcome }),
  };
}
