import process from 'node:process';

/** What a filter finds beside what JavaScript itself has. */
const GIVEN: ReadonlySet<string> = new Set([
  'AbortController',
  'AbortSignal',
  'CryptoKey',
  'DOMException',
  'Event',
  'EventTarget',
  'SubtleCrypto',
  'Crypto',
  'TextDecoder',
  'TextEncoder',
  'URL',
  'URLPattern',
  'URLSearchParams',
  'atob',
  'btoa',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'console',
  'crypto',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'structuredClone',
]);

/** ECMA-262 §19, without what makes threads, waits for them, or code out of bytes. */
const LANGUAGE: ReadonlySet<string> = new Set([
  ...['globalThis', 'Infinity', 'NaN', 'undefined', 'eval', 'isFinite', 'isNaN', 'parseFloat', 'parseInt'],
  ...['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape', 'unescape'],
  ...['AggregateError', 'Array', 'ArrayBuffer', 'BigInt', 'BigInt64Array', 'BigUint64Array', 'Boolean'],
  ...['DataView', 'Date', 'Error', 'EvalError', 'FinalizationRegistry', 'Float16Array', 'Float32Array'],
  ...['Float64Array', 'Function', 'Int8Array', 'Int16Array', 'Int32Array', 'Iterator', 'Map', 'Number'],
  ...['Object', 'Promise', 'Proxy', 'RangeError', 'ReferenceError', 'RegExp', 'Set', 'String', 'Symbol'],
  ...['SyntaxError', 'TypeError', 'Uint8Array', 'Uint8ClampedArray', 'Uint16Array', 'Uint32Array'],
  ...['URIError', 'WeakMap', 'WeakRef', 'WeakSet', 'JSON', 'Math', 'Reflect', 'Intl', 'SuppressedError'],
  ...['DisposableStack', 'AsyncDisposableStack'],
]);

/** What of `process` reaches other processes, files, the environment or Node's insides. */
const TAKEN_FROM_PROCESS = [
  ...['kill', '_kill', '_debugProcess', '_debugEnd', '_startProfilerIdleNotifier', 'execve'],
  ...['binding', '_linkedBinding', 'dlopen', 'getBuiltinModule', 'openStdin', 'report'],
  ...['chdir', 'cwd', 'umask', 'loadEnvFile', 'mainModule', 'stdin', 'stdout', 'stderr', 'execPath'],
  ...['setuid', 'seteuid', 'setgid', 'setegid', 'setgroups', 'initgroups', 'getgroups', 'title'],
  ...['getActiveResourcesInfo', '_getActiveHandles', '_getActiveRequests', 'argv', 'execArgv', 'config'],
];

const SHARED_PROTOTYPES: readonly object[] = [
  Object.prototype,
  Function.prototype,
  Array.prototype,
  Promise.prototype,
  Error.prototype,
  Uint8Array.prototype,
  Reflect.getPrototypeOf(Uint8Array.prototype) ?? {},
  EventTarget.prototype,
];

/**
 * Takes everything from this process's globals that a filter is not given. What keeps a filter from files, network and
 * other processes is the kernel and Node's permission model; this keeps the way there out of its sight, and is all there is
 * between it and signals where the waypoint may not make namespaces.
 */
export function closeWorld(console: object): void {
  Object.defineProperty(globalThis, 'console', { value: console, writable: true, configurable: true });
  // A getter that loads what it gives: later there is no descriptor left to load anything with.
  void globalThis.crypto.subtle;
  for (const name of Reflect.ownKeys(globalThis)) {
    if (typeof name === 'string' && (GIVEN.has(name) || LANGUAGE.has(name))) continue;
    Reflect.deleteProperty(globalThis, name);
  }
  for (const name of TAKEN_FROM_PROCESS) {
    Object.defineProperty(process, name, { value: undefined, configurable: false, writable: false });
  }
  // A getter on what everything inherits from would be handed whatever of Node's insides is asked for a field it has not.
  for (const shared of SHARED_PROTOTYPES) Object.preventExtensions(shared);
  Object.defineProperty(process, 'env', { value: Object.freeze({}), configurable: false, writable: false });
}
