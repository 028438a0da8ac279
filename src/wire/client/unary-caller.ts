import type { Client, Metadata, MethodDefinition, ServiceError } from '@grpc/grpc-js';
import type { Closable } from '../../base/index.ts';
import { WireError } from '../errors.ts';
import { errorOf } from '../grpc/status.ts';
import { type ChannelOptions, callMetadata, openChannel } from './channel.ts';

/** How long a call may take, and as whom it is made. */
export interface UnaryCallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** In place of the channel's own. */
  readonly token?: string | undefined;
}

/** Calls that get one answer, all over one connection that is made when first needed. */
export interface UnaryCaller extends Closable {
  /** Rejects with WireError, or with the signal's reason. */
  call<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    options: UnaryCallOptions,
  ): Promise<Response>;
}

/** Connects with the first call, and anew when the root certificates change. Rejects with WireError. */
export function createUnaryCaller(options: ChannelOptions): UnaryCaller {
  let channel: Promise<Client> | undefined;
  let calls = 0;
  let closed = false;
  const idle: (() => void)[] = [];

  const forget = (old: Promise<Client> | undefined): void => {
    old?.then((client) => client.close()).catch(ignoreUnopened);
  };
  const replace = (): void => {
    forget(channel);
    channel = undefined;
  };
  const unsubscribe = options.roots.changes.subscribe(replace);
  const current = (): Promise<Client> => {
    if (channel === undefined) {
      const opening = openChannel(options);
      channel = opening;
      opening.catch(() => {
        if (channel === opening) channel = undefined;
      });
    }
    return channel;
  };
  const destroy = (): void => {
    closed = true;
    unsubscribe();
    replace();
  };

  return {
    async call(method, request, callOptions) {
      if (closed) throw clientClosed();
      calls += 1;
      try {
        const { token } = callOptions;
        const who = token === undefined ? options : { ...options, token: async () => token };
        const [metadata, client] = await Promise.all([callMetadata(who), current()]);
        return await issueCall({ client, metadata, method, request, ...callOptions });
      } catch (error) {
        throw closed ? clientClosed(error) : error;
      } finally {
        calls -= 1;
        if (calls === 0) for (const resolve of idle.splice(0)) resolve();
      }
    },
    async close() {
      closed = true;
      if (calls > 0) await new Promise<void>((resolve) => idle.push(resolve));
      destroy();
    },
    destroy,
  };
}

interface IssuedCall<Request, Response> extends UnaryCallOptions {
  readonly client: Client;
  readonly metadata: Metadata;
  readonly method: MethodDefinition<Request, Response>;
  readonly request: Request;
}

function issueCall<Request, Response>(issued: IssuedCall<Request, Response>): Promise<Response> {
  const { client, metadata, method, request, signal } = issued;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata,
      { deadline: Date.now() + issued.timeoutMs },
      (failure: ServiceError | null, response?: Response) => {
        signal?.removeEventListener('abort', onAbort);
        if (failure !== null) reject(errorOf(method.path, failure));
        else resolve(response as Response);
      },
    );
    const onAbort = (): void => {
      reject(signal?.reason);
      call.cancel();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function ignoreUnopened(): void {
  // A channel that could not be opened was reported to whoever asked for it.
}

function clientClosed(cause?: unknown): WireError {
  return new WireError({
    code: 'ERR_WIRE_CLOSED',
    blame: 'local',
    message: 'the gRPC client is closed',
    cause,
  });
}
