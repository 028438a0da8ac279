import { describeError } from '../../base/index.ts';
import { type DeltaResponse, WILDCARD } from '../messages.ts';

/** A resource as it was decoded. */
export interface NamedResource<T> {
  readonly name: string;
  readonly resource: T;
}

/** What one response changes of a type. */
export interface ResourceUpdate<T> {
  readonly upserts: readonly NamedResource<T>[];
  /** Names that are gone; those of Address may be a workload's uid or a service's `<namespace>/<hostname>`. */
  readonly removed: readonly string[];
  /** What could not be decoded, for those who must not go on with an older version: it is refused in any case. */
  readonly failed: readonly ResourceFailure[];
}

/** One resource that could not be applied; the others of its response were. */
export interface ResourceFailure {
  readonly name: string;
  readonly error: unknown;
}

/** A type that a client wants, and what is done with its resources. */
export interface ResourceSubscriptionOptions<T> {
  readonly typeUrl: string;
  /** Whether readiness waits for the first response. False for types that the server may not know. Default true. */
  readonly required?: boolean;
  /** `on-demand` asks for single names as `DeltaClient.demand` wants them. Default `wildcard`. */
  readonly mode?: 'wildcard' | 'on-demand';
  /** What is held from an earlier process, as `DeltaClient.versions` told it. */
  readonly initialVersions?: ReadonlyMap<string, string>;
  /** Throws when the bytes are bad: the resource is then refused by name and the others are applied. */
  decode(bytes: Uint8Array, name: string): T;
  /** Applies one response as a whole; the acknowledgement follows when it is done. May answer what could not be applied. */
  onUpdate(
    update: ResourceUpdate<T>,
  ): undefined | readonly ResourceFailure[] | Promise<undefined | readonly ResourceFailure[]>;
}

/** One type of a client, its resource type erased. Made by `resourceSubscription`. */
export interface ResourceSubscription {
  readonly typeUrl: string;
  readonly required: boolean;
  readonly mode: 'wildcard' | 'on-demand';
  /** Name to version of what is held. */
  readonly versions: ReadonlyMap<string, string>;
  /**
   * Names nothing of what is held on the next stream, for a server that finds it too much. What is held stays in force until the next
   * response, and of that what the response does not have is taken for removed: it holds everything, as a first one does.
   */
  startAnew(): void;
  /** Applies a response and returns what is to be refused; undefined when all of it was applied. Throws nothing. */
  apply(response: DeltaResponse): Promise<string | undefined>;
}

/** For one client alone: it keeps the versions that the next stream begins with. */
export function resourceSubscription<T>(options: ResourceSubscriptionOptions<T>): ResourceSubscription {
  const versions = new Map(options.initialVersions);
  /** Held, and not named to the server. */
  let unnamed: ReadonlySet<string> = new Set();

  const removedBy = (response: DeltaResponse): readonly string[] => {
    const removed = response.removed.filter((name) => name !== WILDCARD);
    if (unnamed.size === 0) return removed;
    const told = new Set(response.resources.map(({ name }) => name));
    const gone = [...unnamed].filter((name) => !told.has(name));
    unnamed = new Set();
    return [...new Set([...removed, ...gone])];
  };

  return {
    typeUrl: options.typeUrl,
    required: options.required ?? true,
    mode: options.mode ?? 'wildcard',
    versions,
    startAnew() {
      unnamed = new Set([...unnamed, ...versions.keys()]);
      versions.clear();
    },
    async apply(response) {
      const failures: ResourceFailure[] = [];
      const upserts: NamedResource<T>[] = [];
      for (const [index, { name, bytes }] of response.resources.entries()) {
        // A first response holds a whole mesh: connections must get a turn while it is decoded.
        if (index % DECODE_SLICE === DECODE_SLICE - 1) await new Promise((resolve) => setImmediate(resolve));
        try {
          upserts.push({ name, resource: options.decode(bytes, name) });
        } catch (error) {
          failures.push({ name, error });
        }
      }
      const removed = removedBy(response);
      try {
        const refused = await options.onUpdate({ upserts, removed, failed: [...failures] });
        // One by one: there may be more of them than a call has room for arguments.
        for (const failure of refused ?? []) failures.push(failure);
      } catch (error) {
        return describeError(error);
      }
      const failed = new Set(failures.map((failure) => failure.name));
      // Of what is refused no version is held, not even the one before: the server must offer it again after a reconnect,
      // whichever it has then.
      for (const { name, version } of response.resources) {
        if (failed.has(name)) versions.delete(name);
        else versions.set(name, version);
      }
      for (const name of removed) versions.delete(name);
      if (failures.length === 0) return undefined;
      return failures.map(({ name, error }) => `${name}: ${describeError(error)}`).join('; ');
    },
  };
}

/** Resources decoded between two turns of the event loop: about a millisecond's worth. */
const DECODE_SLICE = 128;
