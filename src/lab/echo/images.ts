import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuiltInImages } from '../kubelet/index.ts';

/**
 * The images that a lab has without any registry; each is a hidden command of this very program. echo-advanced also has
 * a program called `client`, which the mesh conformance suite runs in it: a script in `directory`.
 */
export function builtInImages(options: {
  readonly program: readonly string[];
  readonly directory: string;
  readonly path: string;
}): BuiltInImages {
  const { program, directory, path } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const quoted = program.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ');
  writeFileSync(join(directory, 'client'), `#!/bin/sh\nexec ${quoted} lab-echo-client "$@"\n`, {
    mode: 0o700,
  });
  return {
    'echo-basic': { command: [...program, 'lab-echo-basic'], environment: {} },
    'echo-advanced': {
      command: [...program, 'lab-echo-advanced'],
      environment: { PATH: `${directory}:${path}` },
    },
    // What the controller deploys for waypoints; its arguments say which part of the mesh it is.
    nodemesh: { command: [...program], environment: {} },
    shop: { command: [...program, 'lab-shop'], environment: {} },
  };
}
