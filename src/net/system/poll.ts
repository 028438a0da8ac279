import koffi from 'koffi';

/** Tells when something can be done with a descriptor that Node has no stream for. */
export interface DescriptorWatch {
  /** Replaces what is waited for; `onReady` is called again and again until something else is asked for. */
  watch(what: 'readable' | 'writable', onReady: () => void): void;
  /** Waits for nothing. */
  pause(): void;
  /** Before the descriptor is closed. Idempotent. */
  close(): void;
}

/**
 * The descriptor becomes one more in the set that Node's own event loop sleeps on: no thread waits for it, and none looks at it
 * every so often. Only one watch of a descriptor at a time.
 */
export function watchDescriptor(descriptor: number): DescriptorWatch {
  let ready: (() => void) | undefined;
  const handle = koffi.node.poll(descriptor, { readable: true, disconnect: true }, () => ready?.());
  handle.stop();
  let closed = false;
  return {
    watch(what, onReady) {
      if (closed) return;
      ready = onReady;
      // Its end makes a socket both readable and writable, so that the call that follows finds out.
      handle.start({ [what]: true, disconnect: true }, () => ready?.());
    },
    pause() {
      ready = undefined;
      if (!closed) handle.stop();
    },
    close() {
      if (closed) return;
      closed = true;
      ready = undefined;
      handle.close();
    },
  };
}
