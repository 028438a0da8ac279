import type { AccessLine } from './access-line.ts';

/** Both ends of a tunnel write of a refusal, under one name: that of who dialled is left out where the other is there. */
export interface ToldRefusals {
  note(line: AccessLine): void;
  /** Whether who refused has written of it already. */
  isEcho(line: AccessLine): boolean;
}

/** Remembers a bounded number of them. */
export function createToldRefusals(): ToldRefusals {
  let told = new Set<string>();
  return {
    note(line) {
      const id = line.fields['refusal.id'];
      if (id === undefined || !isOwn(line, id)) return;
      // Both are written within moments.
      if (told.size >= REMEMBERED) told = new Set();
      told.add(id);
    },
    isEcho(line) {
      const id = line.fields['refusal.id'];
      return id !== undefined && !isOwn(line, id) && told.has(id);
    },
  };
}

/** A refusal is called after the proxy that refused. */
function isOwn({ proxy }: AccessLine, id: string): boolean {
  return id.startsWith(`${proxy}/`);
}

const REMEMBERED = 50_000;
