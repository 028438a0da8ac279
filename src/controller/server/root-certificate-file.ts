import { rename, writeFile } from 'node:fs/promises';
import type { Closable, Logger } from '../../base/index.ts';
import type { Authority } from '../../identity/index.ts';

/** Keeps a file with the mesh's roots, which proxies trust the controller by. Replaced as a whole, never half. */
export async function writeRootCertificateFile(
  path: string,
  authority: Pick<Authority, 'bundle' | 'bundleChanges'>,
  log: Logger,
): Promise<Closable> {
  let writing = Promise.resolve();
  const write = async (): Promise<void> => {
    const temporary = `${path}.${process.pid}.tmp`;
    // Public, unlike everything else beside it.
    await writeFile(temporary, authority.bundle().rootsPem.join(''), { mode: 0o644 });
    await rename(temporary, path);
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
