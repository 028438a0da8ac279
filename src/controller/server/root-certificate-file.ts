import { rename, rm, writeFile } from 'node:fs/promises';
import type { Closable, Logger } from '../../base/index.ts';
import type { Authority } from '../../identity/index.ts';

/**
 * Keeps a file with the mesh's roots, which proxies trust the controller by. Replaced as a whole, never half; what could
 * not be written leaves nothing beside it. Rejects with the file system's error when it cannot be written the first time;
 * later that is logged, and the file stays as it is.
 */
export async function writeRootCertificateFile(
  path: string,
  authority: Pick<Authority, 'bundle' | 'bundleChanges'>,
  log: Logger,
): Promise<Closable> {
  let writing = Promise.resolve();
  const write = async (): Promise<void> => {
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      // Public, unlike everything else beside it.
      await writeFile(temporary, authority.bundle().rootsPem.join(''), { mode: 0o644 });
      await rename(temporary, path);
    } catch (error) {
      // Where even that fails, what counts is still why it could not be written.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  };
  await write();
  const unsubscribe = authority.bundleChanges.subscribe(() => {
    writing = writing.then(write).catch((error: unknown) => {
      log.error('root certificates not written', { path, error });
    });
  });
  return {
    async close() {
      unsubscribe();
      await writing;
    },
    destroy: unsubscribe,
  };
}
