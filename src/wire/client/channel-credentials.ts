import type { Socket } from 'node:net';
import {
  type CallCredentials,
  ChannelCredentials,
  type ChannelOptions,
  type experimental,
} from '@grpc/grpc-js';
import { createCertificateTimes, serverOf } from './certificate-times.ts';

type Target = Parameters<ChannelCredentials['_createSecureConnector']>[0];

/**
 * TLS credentials that look after the socket under the handshake, which gRPC forgets when its channel is closed: a
 * server that accepts and then says nothing would cost one socket per attempt. Also where TCP keep-alive is set, and where a
 * handshake that fails for the time of day gets the words for it.
 */
export class GuardedCredentials extends ChannelCredentials {
  readonly #inner: ChannelCredentials;
  readonly #handshakeTimeoutMs: number;
  readonly #times = createCertificateTimes();

  constructor(inner: ChannelCredentials, handshakeTimeoutMs: number) {
    super();
    this.#inner = inner;
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
  }

  override _isSecure(): boolean {
    return this.#inner._isSecure();
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    target: Target,
    options: ChannelOptions,
    callCredentials?: CallCredentials,
  ): experimental.SecureConnector {
    const inner = this.#inner._createSecureConnector(target, options, callCredentials);
    return {
      connect: (socket) => this.#guarded(socket, inner),
      waitForReady: () => inner.waitForReady(),
      getCallCredentials: () => inner.getCallCredentials(),
      destroy: () => inner.destroy(),
    };
  }

  async #guarded(
    socket: Socket,
    inner: experimental.SecureConnector,
  ): Promise<experimental.SecureConnectResult> {
    const server = serverOf(socket);
    socket.setKeepAlive(true, TCP_KEEP_ALIVE_IDLE_MS);
    const timer = setTimeout(() => socket.destroy(), this.#handshakeTimeoutMs).unref();
    try {
      return await inner.connect(socket);
    } catch (error) {
      throw server === undefined ? error : await this.#times.explain(error, server);
    } finally {
      clearTimeout(timer);
    }
  }
}

const TCP_KEEP_ALIVE_IDLE_MS = 300_000;
