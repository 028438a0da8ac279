import type { Socket } from 'node:net';

/**
 * Bounds how many accepted connections may be without a finished TLS handshake: each costs some 80 KB and a
 * descriptor, and strangers can open them. When there is no room, the oldest of the address that has the most goes, so
 * that a flood pushes out its own.
 */
export class HandshakeGate {
  readonly #limit: number;
  readonly #reason: (address: string, limit: number) => Error;
  /** By remote address; the oldest first. */
  readonly #waiting = new Map<string, Set<Socket>>();
  #pending = 0;

  /** `reason` makes the error with which a connection from `address` is destroyed. */
  constructor(limit: number, reason: (address: string, limit: number) => Error) {
    this.#limit = limit;
    this.#reason = reason;
  }

  get pending(): number {
    return this.#pending;
  }

  /** Takes a connection in, and maybe destroys another. Returns what is to be called when its handshake is over. */
  enter(socket: Socket): () => void {
    const address = socket.remoteAddress ?? '';
    let ofAddress = this.#waiting.get(address);
    if (ofAddress === undefined) {
      ofAddress = new Set();
      this.#waiting.set(address, ofAddress);
    }
    ofAddress.add(socket);
    this.#pending += 1;
    const leave = (): void => this.#leave(address, socket);
    socket.once('close', leave);
    if (this.#pending > this.#limit) this.#evict();
    return leave;
  }

  #leave(address: string, socket: Socket): void {
    const ofAddress = this.#waiting.get(address);
    if (ofAddress?.delete(socket) !== true) return;
    this.#pending -= 1;
    if (ofAddress.size === 0) this.#waiting.delete(address);
  }

  #evict(): void {
    let [noisiest, most] = ['', new Set<Socket>()];
    for (const [address, sockets] of this.#waiting)
      if (sockets.size > most.size) [noisiest, most] = [address, sockets];
    const [oldest] = most;
    if (oldest === undefined) return;
    this.#leave(noisiest, oldest);
    oldest.destroy(this.#reason(noisiest, this.#limit));
  }
}
