import { type Clock, type Closable, describeError, type Logger } from '../../base/index.ts';
import { createBatcher, type ExportCounts } from './batcher.ts';
import type { Exporter } from './exporters.ts';

/** Sends one kind of telemetry to a collector, whose death, slowness or nonsense costs what was to be sent and nothing else. */
export interface OtlpExport<T> extends Closable {
  add(item: T): void;
  readonly counts: ExportCounts;
}

/** What is sent, made when there is something to send for the first time. */
export interface OtlpSignal<T> {
  /** For people. */
  readonly name: 'spans' | 'access logs';
  open(): Promise<OpenedSignal<T>>;
}

/** One kind of telemetry with its way to the collector. */
export interface OpenedSignal<T> {
  /** Resolves with what kept the collector from taking it, if anything did. */
  send(items: readonly T[]): Promise<Error | undefined>;
  close(): Promise<void>;
}

/** Connects with the first item; the caller closes it. */
export function createOtlpExport<T>(
  signal: OtlpSignal<T>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): OtlpExport<T> {
  let opened: Promise<OpenedSignal<T>> | undefined;
  let failing = false;

  /** The first failure of a row is worth a line, and so is the end of it. */
  function note(error: unknown): void {
    if (error !== undefined && !failing)
      log.warn(`the collector does not take ${signal.name}`, { error: describeError(error) });
    if (error === undefined && failing) log.info(`the collector takes ${signal.name} again`);
    failing = error !== undefined;
  }

  async function sendAll(items: readonly T[]): Promise<unknown> {
    opened ??= signal.open();
    return (await opened).send(items);
  }

  const batcher = createBatcher<T>({
    clock,
    async send(items) {
      const error = await sendAll(items).catch((cause: unknown) => cause ?? 'no reason was given');
      note(error);
      return error === undefined;
    },
  });

  function letGo(): void {
    // One that could not be opened was told of when it was wanted, and has nothing to close.
    opened?.then(({ close }) => close()).catch(() => undefined);
  }

  return {
    add: batcher.add,
    counts: batcher.counts,
    async close() {
      await batcher.close();
      letGo();
    },
    destroy() {
      batcher.destroy();
      letGo();
    },
  };
}

/** One of OpenTelemetry's exporters as a signal's end. */
export function openedSignal<T, R>(exporter: Exporter<R>, convert: (item: T) => R): OpenedSignal<T> {
  return {
    send: (items) =>
      new Promise((resolve) => {
        exporter.export(items.map(convert), ({ code, error }) =>
          resolve(code === SUCCESS ? undefined : (error ?? new Error('no reason was given'))),
        );
      }),
    close: () => exporter.shutdown(),
  };
}

/** OpenTelemetry's ExportResultCode, which is an enum. */
const SUCCESS = 0;
