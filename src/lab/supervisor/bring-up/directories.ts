import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where the lab keeps its files; nobody else may look. */
export interface Directories {
  readonly objects: string;
  readonly scratch: string;
  readonly logs: string;
  readonly pods: string;
  readonly authority: string;
  readonly tokens: string;
}

/** Makes those that are not there, below the lab's state directory. */
export function makeDirectories(state: string): Directories {
  const make = (name: string): string => {
    const path = join(state, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  return {
    objects: make('objects'),
    scratch: make('scratch'),
    logs: make('logs'),
    pods: make('pods'),
    authority: make('ca'),
    tokens: make('tokens'),
  };
}
