import { readFile } from 'node:fs/promises';
import { errnoOf } from '../../base/index.ts';

/**
 * Names the time since the machine was started, differently after each start. Empty where the kernel does not say: then
 * nothing that was saved can be told from what was before.
 */
export async function readBoot(): Promise<string> {
  try {
    return (await readFile(BOOT_ID, 'utf8')).trim();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return '';
  }
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
