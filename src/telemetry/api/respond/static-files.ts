import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { type Encoding, encodeBody } from './encoding.ts';

/** A file as it is sent. */
export interface StaticFile {
  readonly contentType: string;
  readonly etag: string;
  /** Its name changes with its content. */
  readonly immutable: boolean;
  /** Encoded once, however often it is asked for. */
  body(encoding: Encoding): Promise<Uint8Array>;
  readonly compressible: boolean;
}

/** The files under one folder, kept in memory once they were asked for, and read again when they change. */
export interface StaticFiles {
  /** By the path of a URL. Undefined when there is none. */
  find(path: string): Promise<StaticFile | undefined>;
}

interface Cached {
  readonly version: string;
  readonly file: StaticFile;
}

/** Of `folder` and below; paths that lead out of it find nothing. */
export function createStaticFiles(folder: string): StaticFiles {
  const cache = new Map<string, Cached>();
  return {
    async find(path) {
      const name = fileName(path);
      if (name === undefined) return undefined;
      const found = await statOf(join(folder, name));
      if (found === undefined) {
        cache.delete(name);
        return undefined;
      }
      const version = `${found.mtimeMs}-${found.size}`;
      const known = cache.get(name);
      if (known?.version === version) return known.file;
      const file = toFile(name, await readFile(join(folder, name)));
      cache.set(name, { version, file });
      return file;
    },
  };
}

/** Relative to the folder, never above it. Undefined for what cannot be a file. */
function fileName(path: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return undefined;
  const name = normalize(decoded).replace(/^\/+/, '');
  // Hidden files are nobody's business, and `..` is one of them.
  return name.split(sep).some((part) => part.startsWith('.')) ? undefined : name || 'index.html';
}

async function statOf(
  file: string,
): Promise<{ readonly mtimeMs: number; readonly size: number } | undefined> {
  try {
    const found = await stat(file);
    return found.isFile() && found.size <= MOST_BYTES ? found : undefined;
  } catch {
    // Not there, or not readable: there is nothing to send in either case.
    return undefined;
  }
}

function toFile(name: string, bytes: Buffer): StaticFile {
  const contentType = CONTENT_TYPES[extname(name)] ?? 'application/octet-stream';
  const encoded = new Map<Encoding, Promise<Uint8Array>>();
  return {
    contentType,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    immutable: HASHED.test(name),
    compressible: COMPRESSIBLE.test(contentType),
    body(encoding) {
      const made = encoded.get(encoding) ?? encodeBody(bytes, encoding);
      encoded.set(encoding, made);
      return made;
    },
  };
}

/** Larger ones are not of a dashboard. */
const MOST_BYTES = 8 * 1024 * 1024;
/** As bundlers name them: `assets/index-B1xWq3Zk.js`. */
const HASHED = /^assets\/.*-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;
const COMPRESSIBLE = /^(text\/|application\/(json|javascript)|image\/svg)/;
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
