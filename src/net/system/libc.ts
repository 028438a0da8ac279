import koffi from 'koffi';
import { errorFromErrno, NetError } from '../errors.ts';

/** A function of the C library, as koffi binds it. Buffers are passed by address: the kernel writes into them. */
export type NativeFunction = (...parameters: readonly (number | string | Uint8Array | null)[]) => number;

/** The same, run by a thread of libuv's pool, for calls that keep the caller waiting. No errno comes back. */
export type NativeFunctionOffThread = (...parameters: readonly (number | Uint8Array)[]) => Promise<number>;

/** Binds one C library function by its prototype. */
export function bindFunction(prototype: string): NativeFunction {
  return libc.func(prototype) as NativeFunction;
}

/** Binds one C library function to be run by another thread. Rejects only when it could not be called at all. */
export function bindFunctionOffThread(prototype: string): NativeFunctionOffThread {
  const { async: start } = libc.func(prototype);
  return (...parameters) =>
    new Promise((resolve, reject) => {
      start(...parameters, (error: unknown, result: number) => (error ? reject(error) : resolve(result)));
    });
}

/** The result of a call that answers -1 and an errno on failure; throws then. Must come right after the call. */
export function checkResult(result: number, operation: string): number {
  if (result === -1) throw errorFromErrno(koffi.errno(), operation);
  return result;
}

/** The errno of the call just made. */
export function lastErrno(): number {
  return koffi.errno();
}

function loadLibc(): ReturnType<typeof koffi.load> {
  const failures: unknown[] = [];
  for (const name of ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`]) {
    try {
      return koffi.load(name);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new NetError({
    code: 'ERR_NET_SYSTEM_CALL',
    blame: 'local',
    message: 'no C library could be loaded',
    cause: new AggregateError(failures),
  });
}

const libc = loadLibc();
