import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';

/** Replaces parts of grpc-js's own call before anything has come on it. */
export type CallShaper = (path: string, call: ServerInterceptingCallInterface) => void;

/** Must be the first interceptor: the others are given calls that wrap grpc-js's own. */
export function shapeCalls(shapers: readonly CallShaper[]): ServerInterceptor {
  return (method, call) => {
    for (const shape of shapers) shape(method.path, call);
    return new ServerInterceptingCall(call);
  };
}
