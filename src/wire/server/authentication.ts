import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { type Clock, createLineBudget, describeError, type Logger } from '../../base/index.ts';
import { WireError } from '../errors.ts';
import { type CallStatus, statusOf } from '../grpc/status.ts';

/** What a caller says beside its token. */
export interface CallPeer {
  /** `address:port`. */
  readonly address: string;
  /** The metadata `clusterid`; empty when absent. */
  readonly clusterId: string;
}

/**
 * Turns a bearer token into who it stands for. Throwing refuses the call: a WireError speaks for itself
 * (ERR_WIRE_PERMISSION_DENIED, ERR_WIRE_UNAVAILABLE), anything else becomes UNAUTHENTICATED.
 */
export type Authenticate<Caller> = (token: string, peer: CallPeer) => Promise<Caller>;

/** Who the callers of a server are. */
export interface Authentication<Caller> {
  /** Runs before any byte of a message is read, so that strangers cost no memory. */
  readonly interceptor: ServerInterceptor;
  /** The caller of a call that the interceptor let through. */
  callerOf(metadata: Metadata): Caller;
}

/** How callers are known, and who hears of it. */
export interface AuthenticationOptions<Caller> {
  readonly authenticate: Authenticate<Caller>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told the address of each connection on which a caller proved who it is. */
  onAuthenticated(address: string): void;
}

/** Refuses calls whose token is missing, bad, or not judged in time; refusals are logged within a budget. */
export function createAuthentication<Caller>(options: AuthenticationOptions<Caller>): Authentication<Caller> {
  const callers = new WeakMap<Metadata, { readonly caller: Caller }>();
  const { log, clock } = options;
  const mayLog = createLineBudget({
    lines: REFUSALS_LOGGED,
    periodMs: LOG_PERIOD_MS,
    clock,
    onPassedOver: (count) => log.warn('more gRPC callers refused, not logged', { count }),
  });

  const identify = async (metadata: Metadata, address: string): Promise<void> => {
    const token = bearerToken(metadata);
    const [clusterId = ''] = metadata.get('clusterid');
    const answer = options.authenticate(token, { address, clusterId: String(clusterId) });
    callers.set(metadata, { caller: await inTime(answer, options) });
    options.onAuthenticated(address);
  };

  return {
    interceptor: (method, call) =>
      new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata(metadata, proceed) {
              identify(metadata, call.getPeer()).then(
                () => proceed(metadata),
                (error: unknown) => {
                  const refusal = refusalOf(error);
                  if (mayLog())
                    log.warn('gRPC caller refused', {
                      peer: call.getPeer(),
                      method: method.path,
                      error: describeError(error),
                    });
                  call.sendStatus({ ...refusal, metadata: null });
                },
              );
            },
          }),
      }),
    callerOf(metadata) {
      const known = callers.get(metadata);
      if (known === undefined) throw unauthenticated('the call was not authenticated');
      return known.caller;
    },
  };
}

function bearerToken(metadata: Metadata): string {
  const [header] = metadata.get('authorization');
  if (header === undefined) throw unauthenticated('no token: the metadata "authorization" is missing');
  const [, token] = /^Bearer ([^\s]+)$/i.exec(String(header)) ?? [];
  if (token === undefined)
    throw unauthenticated('the metadata "authorization" is not of the form "Bearer <token>"');
  return token;
}

function refusalOf(error: unknown): CallStatus {
  if (error instanceof WireError) return statusOf(error);
  return { code: status.UNAUTHENTICATED, details: `token refused: ${describeError(error)}` };
}

function inTime<T>(
  answer: Promise<T>,
  options: { readonly timeoutMs: number; readonly clock: Clock },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = options.clock.after(options.timeoutMs, () => {
      const message = `tokens could not be checked within ${options.timeoutMs} ms`;
      reject(new WireError({ code: 'ERR_WIRE_UNAVAILABLE', blame: 'local', message, retryable: true }));
    });
    answer.then(resolve, reject).finally(() => timer.cancel());
  });
}

function unauthenticated(message: string): WireError {
  return new WireError({ code: 'ERR_WIRE_UNAUTHENTICATED', blame: 'downstream', message });
}

/** Whoever reaches the port can be refused as often as he likes. */
const REFUSALS_LOGGED = 100;
const LOG_PERIOD_MS = 10_000;
