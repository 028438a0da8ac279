import type { Closable } from '../../base/index.ts';
import type { TelemetryCollector } from '../../model/index.ts';
import {
  type AccessOutput,
  createLogExport,
  createSpanExport,
  type ExportCounts,
  exportOutput,
  type OtlpExportOptions,
  type SpanSink,
} from '../../telemetry/index.ts';

/** Collectors that objects name, each with a queue of its own: what one does not take is no loss of another's. */
export interface Collectors extends Closable {
  spans(collector: TelemetryCollector): SpanSink;
  logs(collector: TelemetryCollector): AccessOutput;
  readonly exported: readonly (readonly [signal: Signal, counts: ExportCounts])[];
}

type Signal = 'spans' | 'logs';

interface Opened<T> extends Closable {
  readonly target: T;
  readonly counts: ExportCounts;
}

/** At most 16 for each signal: for one more, the one that was asked for longest ago is sent what waits, and let go. */
export function createCollectors(options: Omit<OtlpExportOptions, 'config'>): Collectors {
  const spans = keep('spans', (collector): Opened<SpanSink> => {
    const exporter = createSpanExport({ ...options, config: configOf(collector) });
    return opened({ span: exporter.add }, exporter);
  });
  const logs = keep('logs', (collector): Opened<AccessOutput> => {
    const exporter = createLogExport({ ...options, config: configOf(collector) });
    return opened(exportOutput(exporter, options.clock), exporter);
  });
  const kept = [spans, logs];
  return {
    spans: spans.of,
    logs: logs.of,
    get exported() {
      return kept.flatMap(({ exported }) => exported());
    },
    async close() {
      await Promise.all(kept.map((one) => one.close()));
    },
    destroy(cause) {
      for (const one of kept) one.destroy(cause);
    },
  };
}

function keep<T>(signal: Signal, open: (collector: TelemetryCollector) => Opened<T>) {
  const byKey = new Map<string, Opened<T>>();
  /** Of those that were let go, so that nothing that is counted gets less. */
  let before: ExportCounts = { exported: 0, dropped: 0, failed: 0 };

  function letOldestGo(): void {
    const [oldest] = byKey;
    if (byKey.size < MOST_COLLECTORS || oldest === undefined) return;
    const [key, one] = oldest;
    byKey.delete(key);
    void one.close().finally(() => {
      before = sumOf(before, one.counts);
    });
  }

  return {
    of(collector: TelemetryCollector): T {
      const key = JSON.stringify(collector);
      let one = byKey.get(key);
      if (one === undefined) {
        letOldestGo();
        one = open(collector);
      }
      byKey.delete(key);
      byKey.set(key, one);
      return one.target;
    },
    exported: (): readonly (readonly [Signal, ExportCounts])[] =>
      [before, ...[...byKey.values()].map(({ counts }) => counts)].map((counts) => [signal, counts] as const),
    async close() {
      await Promise.all([...byKey.values()].map((one) => one.close()));
    },
    destroy(cause: Error | undefined) {
      for (const one of byKey.values()) one.destroy(cause);
    },
  };
}

function opened<T>(target: T, exporter: Closable & { readonly counts: ExportCounts }): Opened<T> {
  return {
    target,
    counts: exporter.counts,
    close: () => exporter.close(),
    destroy: (cause) => exporter.destroy(cause),
  };
}

function configOf({ endpoint, protocol, headers }: TelemetryCollector): OtlpExportOptions['config'] {
  return { endpoint, protocol, headers: Object.fromEntries(headers) };
}

function sumOf(one: ExportCounts, other: ExportCounts): ExportCounts {
  return {
    exported: one.exported + other.exported,
    dropped: one.dropped + other.dropped,
    failed: one.failed + other.failed,
  };
}

const MOST_COLLECTORS = 16;
