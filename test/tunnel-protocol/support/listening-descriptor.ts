import koffi from 'koffi';

/** A TCP socket that listens on 127.0.0.1, as an inherited descriptor would. The port is chosen by the kernel. */
export function openListeningDescriptor(): { fd: number; port: number } {
  const libc = koffi.load('libc.so.6');
  const call = (name: string, prototype: string, ...args: unknown[]): number => {
    const result = libc.func(prototype)(...args) as number;
    if (result < 0) throw new Error(`${name} failed: errno ${koffi.errno()}`);
    return result;
  };
  const fd = call(
    'socket',
    'int socket(int, int, int)',
    AF_INET,
    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
    0,
  );
  const address = Buffer.from([AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  call('bind', 'int bind(int, void *, int)', fd, address, address.length);
  call('listen', 'int listen(int, int)', fd, 128);
  const length = Buffer.from([address.length, 0, 0, 0]);
  call('getsockname', 'int getsockname(int, void *, void *)', fd, address, length);
  return { fd, port: address.readUInt16BE(2) };
}

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
