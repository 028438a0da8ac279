/**
 * What is to be done once somebody has read a message, by the memory that it lies in: grpc-js passes the bytes on, and nothing that
 * goes with them. Only of messages that have memory of their own.
 */
const afterReading = new WeakMap<ArrayBufferLike, () => void>();

/** `onRead` is called when whoever got the message has read it and hands its bytes back. */
export function handOver(message: Buffer, onRead: () => void): void {
  afterReading.set(message.buffer, onRead);
}

/** The message at these bytes has been read: they are no longer its own. */
export function handBack(bytes: Buffer): void {
  const onRead = afterReading.get(bytes.buffer);
  afterReading.delete(bytes.buffer);
  onRead?.();
}
