import {
  type Clock,
  type Closable,
  createSignal,
  describeError,
  type Logger,
  type Timer,
} from '../../base/index.ts';
import type { AuthorityFiles } from '../../identity/index.ts';
import { ControllerError } from '../errors.ts';
import { type RecordNews, recordFingerprint } from './record-news.ts';
import {
  createSecret,
  patchSecret,
  readSecret,
  type SecretApi,
  type SecretContent,
  type SecretName,
} from './secret.ts';

/** Which Secret, and how what others write to it is noticed. */
export interface SecretFilesOptions extends SecretName {
  readonly api: SecretApi;
  /** How often it is looked at for what other replicas have written, heard of or not. */
  readonly everyMs: number;
  /** How replicas hear of what others have written. */
  readonly news: Pick<RecordNews, 'heard' | 'tell'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * An authority's texts in a Secret that all replicas share. Whoever writes the record has read the one that stands there: what
 * another replica did in between is never overwritten. A Secret that somebody has deleted is written again as it was seen last:
 * a replica that starts without it would believe certificates that were revoked.
 */
export function createSecretFiles(options: SecretFilesOptions): AuthorityFiles & Closable {
  const { api, clock, log } = options;
  const changes = createSignal<void>();
  let content: SecretContent | undefined;
  /** The record as it was read, or written, here last; and the one that was announced. */
  let known: string | undefined;
  let announced: string | undefined;
  /** All texts, as they were with the last record that was seen. */
  let seen: Readonly<Record<string, string>> | undefined;
  /** The record that was written here last. */
  let own: string | undefined;
  let misses = 0;
  let timer: Timer | undefined;
  let looking = false;
  let again = false;
  let closed = false;

  async function fetch(): Promise<SecretContent | undefined> {
    content = await readSecret(api, options);
    remember(content?.texts);
    return content;
  }

  function remember(texts: Readonly<Record<string, string>> = {}): void {
    if (texts[RECORD] !== undefined) seen = texts;
  }

  /** Writes as soon as nobody else does; `may` is asked of what stands there. */
  async function write(
    texts: Readonly<Record<string, string | null>>,
    may: (present: SecretContent | undefined) => boolean,
  ): Promise<boolean> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const present = await fetch();
      if (!may(present)) return false;
      const written =
        present === undefined
          ? await createSecret(api, options, onlyTexts(texts))
          : await patchSecret(api, options, { resourceVersion: present.resourceVersion, texts });
      if (!written) continue;
      content = undefined;
      remember(onlyTexts({ ...present?.texts, ...texts }));
      return true;
    }
    throw new ControllerError({
      code: 'ERR_CONTROLLER_AUTHORITY',
      blame: 'upstream',
      message: `the Secret ${options.namespace}/${options.name} is written by others all the time`,
      retryable: true,
    });
  }

  async function look(): Promise<void> {
    looking = true;
    try {
      const present = await readSecret(api, options);
      remember(present?.texts);
      const record = present?.text(RECORD);
      misses = record === undefined ? misses + 1 : 0;
      // Whoever replaces a Secret takes it away first, and is not to be overtaken. Nor is the replica that wrote last, which knows
      // what others may not have seen yet.
      if (misses > (seen?.[RECORD] === own ? 1 : 2)) await restore();
      if (record !== undefined && record !== known && record !== announced) {
        announced = record;
        if (!closed) changes.emit();
      }
    } catch (error) {
      log.debug('the authority cannot be looked at', { error: describeError(error) });
    }
    looking = false;
    arm(again ? 0 : options.everyMs);
    again = false;
  }

  async function restore(): Promise<void> {
    if (seen === undefined || closed) return;
    const place = `${options.namespace}/${options.name}`;
    try {
      const restored = await write(seen, (present) => present?.text(RECORD) === undefined);
      if (restored) log.warn('the Secret of the authority was gone; it is written again', { secret: place });
    } catch (error) {
      log.error('the Secret of the authority is gone, and cannot be written again', {
        secret: place,
        error: describeError(error),
      });
    }
  }

  function arm(delayMs: number): void {
    timer?.cancel();
    if (!closed) timer = clock.after(delayMs, () => void look());
  }

  const unsubscribe = options.news.heard.subscribe((fingerprint) => {
    if (known !== undefined && fingerprint === recordFingerprint(known)) return;
    // What is being read may be older than the news.
    if (looking) again = true;
    else arm(0);
  });

  function stop(): void {
    closed = true;
    unsubscribe();
    timer?.cancel();
  }

  arm(options.everyMs);
  return {
    place: `the Secret ${options.namespace}/${options.name}`,
    changes,
    async read(name) {
      if (name !== RECORD) return (content ?? (await fetch()))?.text(name);
      known = (await fetch())?.text(RECORD);
      return known;
    },
    async write(name, text, { exclusive = false } = {}) {
      const written = await write({ [name]: text }, (present) => {
        const stands = present?.text(name);
        return exclusive ? stands === undefined : name !== RECORD || stands === known;
      });
      if (written && name === RECORD) {
        known = text;
        own = text;
        options.news.tell(text);
      }
      return written;
    },
    async remove(name) {
      await write({ [name]: null }, (present) => present?.text(name) !== undefined);
    },
    close: async () => stop(),
    destroy: stop,
  };
}

function onlyTexts(texts: Readonly<Record<string, string | null>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

const RECORD = 'authority.json';
const MOST_ATTEMPTS = 10;
