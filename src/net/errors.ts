import { constants } from 'node:os';
import { type Blame, type ErrorCodeTable, MeshError } from '../base/index.ts';

export const NET_ERROR_CODES = {
  ERR_NET_CONNECT_REFUSED: 'nothing listens at the destination, or it answered the connection with a reset',
  ERR_NET_CONNECT_TIMEOUT: 'the destination did not answer a connection attempt in time',
  ERR_NET_CONNECT_UNREACHABLE: 'no route leads to the destination',
  ERR_NET_CONNECT_ABORTED: 'a connection attempt was given up by its caller',
  ERR_NET_ADDRESS_IN_USE: 'another socket has the wanted address and port',
  ERR_NET_ADDRESS_UNAVAILABLE: 'the wanted source address cannot be used, or no free port is left on it',
  ERR_NET_PERMISSION: 'the kernel denies the operation to this process',
  ERR_NET_DESCRIPTORS: 'this process or machine has no file descriptor left',
  ERR_NET_SYSTEM_CALL: 'a system call failed for a reason that has no code of its own',
  ERR_NET_NAMESPACE_GONE: 'a network namespace does not exist, or its handle was closed',
  ERR_NET_NAMESPACE_EXISTS: 'a network namespace of that name exists already',
  ERR_NET_NAMESPACE_STUCK: 'this thread could not return to its own network namespace and must not go on',
  ERR_NET_NAMESPACE_ASYNC: 'work to be done inside a network namespace was not synchronous',
  ERR_NET_STREAM_RESET: 'one side of a connection was reset',
  ERR_NET_STREAM_CUT: 'one side of a connection went away without having ended it',
  ERR_NET_NETLINK: 'the kernel refused a netlink request, or its answer makes no sense',
  ERR_NET_NAMESPACE_WRONG:
    "a descriptor that should be a pod's network namespace is something else, or our own",
  ERR_NET_PACKET_CUT:
    'a packet of a local socket was longer than its protocol allows, or had too many descriptors',
  ERR_NET_PACKET_TIMEOUT: 'the other end of a local socket did not take or send a packet in time',
  ERR_NET_PACKET_CLOSED: 'a local socket was closed here while somebody waited for it',
  ERR_NET_REDIRECTION_OPTIONS: 'the options of a redirection are not usable',
  ERR_NET_HOST_RULES: 'the rules of the node for its probes cannot be written, or not be taken away',
  ERR_NET_COMMAND: 'a command that sets up redirection failed or is not installed',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type NetErrorCode = keyof typeof NET_ERROR_CODES;

/** What the kernel refused, or what a connection ended with. */
export class NetError extends MeshError<NetErrorCode> {}

/** The code, and whether another attempt may work, for the operating system's name of a failure. */
function classifyErrno(errno: string): { readonly code: NetErrorCode; readonly retryable: boolean } {
  return BY_ERRNO[errno] ?? { code: 'ERR_NET_SYSTEM_CALL', retryable: false };
}

/** `operation` says what was tried, as in `bind [::]:15008`. The errno is a number or its name. */
export function errorFromErrno(
  errno: number | string,
  operation: string,
  options: { readonly blame?: Blame; readonly cause?: unknown } = {},
): NetError {
  const name = typeof errno === 'string' ? errno : errnoName(errno);
  const { code, retryable } = classifyErrno(name);
  // Callers ask errnoOf() for the kernel's own word, so it must be in the cause chain.
  const cause = options.cause ?? Object.assign(new Error(`${name} from the kernel`), { code: name });
  return new NetError({
    code,
    blame: options.blame ?? 'local',
    message: `${operation} failed: ${name}`,
    hint: HINTS[code],
    retryable,
    cause,
  });
}

/** `ECONNREFUSED` for 111. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, value]) => [value, name]),
);

const BY_ERRNO: Readonly<Record<string, { code: NetErrorCode; retryable: boolean }>> = {
  ECONNREFUSED: { code: 'ERR_NET_CONNECT_REFUSED', retryable: true },
  ECONNRESET: { code: 'ERR_NET_CONNECT_REFUSED', retryable: true },
  ETIMEDOUT: { code: 'ERR_NET_CONNECT_TIMEOUT', retryable: true },
  EHOSTUNREACH: { code: 'ERR_NET_CONNECT_UNREACHABLE', retryable: true },
  ENETUNREACH: { code: 'ERR_NET_CONNECT_UNREACHABLE', retryable: true },
  EHOSTDOWN: { code: 'ERR_NET_CONNECT_UNREACHABLE', retryable: true },
  ENETDOWN: { code: 'ERR_NET_CONNECT_UNREACHABLE', retryable: true },
  EADDRINUSE: { code: 'ERR_NET_ADDRESS_IN_USE', retryable: false },
  EADDRNOTAVAIL: { code: 'ERR_NET_ADDRESS_UNAVAILABLE', retryable: true },
  EACCES: { code: 'ERR_NET_PERMISSION', retryable: false },
  EPERM: { code: 'ERR_NET_PERMISSION', retryable: false },
  EMFILE: { code: 'ERR_NET_DESCRIPTORS', retryable: false },
  ENFILE: { code: 'ERR_NET_DESCRIPTORS', retryable: false },
};

const HINTS: { readonly [Code in NetErrorCode]?: string } = {
  ERR_NET_PERMISSION:
    'run as root, or inside a user namespace of your own (unshare --user --map-root-user --net)',
  ERR_NET_DESCRIPTORS: 'raise the limit of open files (ulimit -n)',
  ERR_NET_CONNECT_REFUSED: 'is the application running, and does it listen on that port?',
  ERR_NET_CONNECT_TIMEOUT: 'is the machine up, and does a firewall drop the packets on the way?',
  ERR_NET_CONNECT_UNREACHABLE:
    'look at the routes of the namespace the connection starts in, and whether its links are up',
};
