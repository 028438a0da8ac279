import { type Client, type ClientDuplexStream, connectivityState, type Metadata } from '@grpc/grpc-js';
import {
  type DeltaChannel,
  type DeltaRequest,
  type DeltaResponse,
  type DeltaTransport,
  XdsError,
} from '../../xds/index.ts';
import { DELTA_RESOURCES } from '../grpc/methods.ts';
import { streamErrorOf } from '../grpc/status.ts';
import { type ChannelOptions, callMetadata, openChannel } from './channel.ts';

/** Delta streams over gRPC, each on a connection of its own, with token and root certificates as they are then. */
export function createXdsTransport(options: ChannelOptions): DeltaTransport {
  return {
    async open(signal) {
      let client: Client | undefined;
      try {
        const metadata = await callMetadata(options);
        client = await openChannel(options);
        await connected(client, metadata, { timeoutMs: options.connectTimeoutMs ?? 5000, signal });
        const { path, requestSerialize, responseDeserialize } = DELTA_RESOURCES;
        const call = client.makeBidiStreamRequest<DeltaRequest, DeltaResponse>(
          path,
          requestSerialize,
          responseDeserialize,
          metadata,
        );
        return deltaChannel(client, call, options);
      } catch (cause) {
        client?.close();
        throw cannotConnect(options.address, cause);
      }
    },
  };
}

function deltaChannel(
  client: Client,
  call: ClientDuplexStream<DeltaRequest, DeltaResponse>,
  options: ChannelOptions,
): DeltaChannel {
  let replaced: XdsError | undefined;
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    unsubscribe();
    call.cancel();
    client.close();
  };
  const unsubscribe = options.roots.changes.subscribe(() => {
    replaced = rootsChanged();
    call.cancel();
  });
  // The error is thrown where responses are read; a listener must exist all the same, before anybody reads.
  call.on('error', () => undefined);

  async function* responses(): AsyncGenerator<DeltaResponse> {
    try {
      for await (const response of call) yield response as DeltaResponse;
    } catch (error) {
      if (closed) return;
      throw replaced ?? streamErrorOf(error);
    } finally {
      close();
    }
  }

  return {
    responses: responses(),
    close,
    send(request) {
      if (closed || call.destroyed) return Promise.reject(streamErrorOf(new Error('the stream is gone')));
      return new Promise((resolve, reject) => {
        const onClose = (): void => reject(replaced ?? streamErrorOf(new Error('the stream is gone')));
        call.once('close', onClose);
        call.write(request, (error?: Error | null) => {
          call.removeListener('close', onClose);
          if (error) reject(replaced ?? streamErrorOf(error));
          else resolve();
        });
      });
    },
  };
}

/** Resolves when the channel is connected; rejects on the first failure, with what gRPC knows of it. */
function connected(client: Client, metadata: Metadata, attempt: ConnectAttempt): Promise<void> {
  const { timeoutMs, signal } = attempt;
  const channel = client.getChannel();
  const deadline = Date.now() + timeoutMs;
  return new Promise((resolve, reject) => {
    const finish = (error?: unknown): void => {
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onAbort = (): void => finish(signal.reason);
    const look = (late?: Error): void => {
      const state = channel.getConnectivityState(true);
      if (signal.aborted) finish(signal.reason);
      else if (state === connectivityState.READY) finish();
      else if (late !== undefined) finish(new Error(`no connection within ${timeoutMs} ms`));
      // A channel does not tell why it failed; a call on it does, at once.
      else if (state === connectivityState.TRANSIENT_FAILURE) explain(client, metadata).then(finish);
      else channel.watchConnectivityState(state, deadline, look);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    look();
  });
}

interface ConnectAttempt {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

function explain(client: Client, metadata: Metadata): Promise<Error> {
  const { path, requestSerialize, responseDeserialize } = DELTA_RESOURCES;
  return new Promise((resolve) => {
    const call = client.makeBidiStreamRequest<DeltaRequest, DeltaResponse>(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
    );
    call.on('error', resolve);
    // It connected after all: the next attempt will have it.
    call.on('metadata', () => call.cancel());
    call.resume();
  });
}

function cannotConnect(address: string, cause: unknown): XdsError {
  return new XdsError({
    code: 'ERR_XDS_CONNECT',
    blame: 'upstream',
    message: `cannot connect to the discovery server ${address}`,
    hint: 'is the controller running, and is its certificate signed by the root certificates given here?',
    retryable: true,
    cause,
  });
}

function rootsChanged(): XdsError {
  return new XdsError({
    code: 'ERR_XDS_RECONNECT',
    blame: 'local',
    message: 'the root certificates changed',
    retryable: true,
  });
}
