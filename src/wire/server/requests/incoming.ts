import type { MethodDefinition } from '@grpc/grpc-js';
import type { Method } from '../../grpc/methods.ts';
import { handBack } from './handed-over.ts';

/**
 * A message as it came. It is decoded when its handler reads it, who knows by then whose it is and whether he may take up that time,
 * and answers what cannot be decoded with words of his own: gRPC would hide them.
 */
export interface Incoming<T> {
  /** Throws WireError. */
  read(): T;
  /** To be called when nothing will be read of it any more: the memory that it lies in may be another's then. Idempotent. */
  done(): void;
}

/** The server's side of a method. */
export function serverMethod<Request, Response>(
  method: Method<Request, Response>,
): MethodDefinition<Incoming<Request>, Response> {
  const requestDeserialize = (bytes: Buffer): Incoming<Request> => ({
    read: () => method.requestDeserialize(bytes),
    done: () => handBack(bytes),
  });
  // Only the server uses it, so there is nothing that it would have to serialize.
  const requestSerialize = (): Buffer => Buffer.alloc(0);
  return { ...method, requestSerialize, requestDeserialize };
}
