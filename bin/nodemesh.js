#!/usr/bin/env node
// Finds Node 24, which the package brings along, and runs the command line with it. Plain JavaScript without
// dependencies: it runs on the machine's own Node (20 or newer).
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import * as module from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED = 24;
const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
const source = join(root, 'src', 'cli', 'main.ts');
const built = join(root, 'dist', 'cli', 'main.js');
// Node does not strip types below node_modules: an installed package runs what was built.
const isInstalled = root.includes(`${sep}node_modules${sep}`);
const main = !isInstalled && existsSync(source) ? source : built;

// Saves a third of each command's time. Inside the package: nobody else can put code there.
const cache = join(root, 'node_modules', '.cache', 'nodemesh');

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  fitHeap();
  module.enableCompileCache?.(cache);
  await import(pathToFileURL(main).href);
} else {
  const node = findNode(root);
  if (node === undefined) {
    process.stderr.write(
      `nodemesh needs Node ${NEEDED}; this is ${process.version}, and the one in node_modules is missing.\nRun "npm ci" in ${root} once.\n`,
    );
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: cache, ...process.env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}

/**
 * Starts again in place, as the same process, where the heap that NODE_OPTIONS allows would not fit into the memory that the
 * container may have: it would be killed while V8 still lets garbage gather. Half is V8's own share where nobody names a heap;
 * the rest is for buffers and code.
 */
function fitHeap() {
  const options = process.env.NODE_OPTIONS ?? '';
  const wanted = /--max-old-space-size=(\d+)/.exec(options);
  // Without a limit it is more than there can be.
  const fittingMiB = Math.floor(process.constrainedMemory() / 2 ** 20 / 2);
  if (wanted === null || fittingMiB === 0 || Number(wanted[1]) <= fittingMiB) return;
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    ...process.env,
    NODE_OPTIONS: options.replaceAll(/--max-old-space-size=\d+/g, `--max-old-space-size=${fittingMiB}`),
  });
}

/** In this package's node_modules, or in those around it when npm has put it there. */
function findNode(folder) {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    const candidate = join(at, 'node_modules', '.bin', 'node');
    if (existsSync(candidate)) return realpathSync(candidate);
  }
  return undefined;
}
