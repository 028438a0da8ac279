import { type Closable, describeError, type Logger } from '../base/index.ts';
import { openLogSink } from '../telemetry/index.ts';

/** A proxy of the mesh as its process sees it. */
export interface RunnableProxy extends Closable {
  readonly log: Logger;
  /** Resolves when its own ports listen; rejects when it cannot start. */
  start(): Promise<unknown>;
}

/** What a process gives its proxy. */
export interface ProxyProcess {
  readonly logSink: ReturnType<typeof openLogSink>;
  /** Ends the process as SIGTERM does. */
  onQuit(): void;
}

/**
 * Runs a proxy until SIGTERM or SIGINT, which drain it; a second signal ends it at once. Its failure to start, and whatever
 * nobody caught, end the process with 1: what state it is in is not known then, and the next process goes on.
 */
export async function runProxy(
  create: (process: ProxyProcess) => RunnableProxy,
  started: (proxy: RunnableProxy) => void,
): Promise<void> {
  const logSink = openLogSink();
  const exit = (code: number): void => {
    logSink.close();
    process.exit(code);
  };
  let ending = false;
  const end = (): void => {
    if (ending) {
      exit(1);
      return;
    }
    ending = true;
    proxy.close().then(
      () => exit(0),
      (error: unknown) => {
        proxy.log.error('closing failed', { error: describeError(error) });
        exit(1);
      },
    );
  };
  const proxy = create({ logSink, onQuit: end });
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('uncaughtException', (error) => {
    proxy.log.error('uncaught exception', { error: error.stack ?? describeError(error) });
    exit(1);
  });
  try {
    await proxy.start();
    started(proxy);
  } catch (error) {
    proxy.log.error('start failed', { error });
    exit(1);
  }
}
