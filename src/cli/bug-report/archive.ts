import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { CliError } from '../errors.ts';
import type { ReportFile } from './report-file.ts';

/** Writes the files as one .tar.gz below a folder `name`, readable for its owner alone; its size in bytes. Rejects with ERR_CLI_FILE. */
export async function writeArchive(
  target: string,
  name: string,
  files: readonly ReportFile[],
): Promise<number> {
  const staging = mkdtempSync(join(tmpdir(), 'nodemesh-report-'));
  try {
    for (const { path, content } of files) {
      const file = join(staging, name, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content, { mode: 0o600 });
    }
    await create({ file: target, cwd: staging, gzip: true, portable: true }, [name]);
    chmodSync(target, 0o600);
    return statSync(target).size;
  } catch (cause) {
    throw new CliError({
      code: 'ERR_CLI_FILE',
      blame: 'local',
      message: `cannot write ${target}`,
      hint: '--file names another place',
      cause,
    });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
