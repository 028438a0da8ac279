import { stripTypeScriptTypes } from 'node:module';
import { SourceTextModule } from 'node:vm';

/**
 * Why a filter's module cannot be loaded, as far as can be told without running it; undefined: it can be, as it seems. Takes
 * its thread with it where the parser breaks: run it in one of its own.
 */
export async function moduleProblem(source: string): Promise<string | undefined> {
  try {
    const module = new SourceTextModule(stripTypeScriptTypes(source, { sourceUrl: NAME }), {
      identifier: NAME,
    });
    const [imported] = module.moduleRequests;
    if (imported !== undefined)
      return `a filter may import nothing, got ${JSON.stringify(imported.specifier)}; types come by "import type"`;
    await module.link(() => Promise.reject(new Error('nothing is imported')));
    const exported = Reflect.ownKeys(module.namespace);
    return HOOKS.some((hook) => exported.includes(hook))
      ? undefined
      : `expected a module that exports ${HOOKS.join(' or ')}, got neither`;
  } catch (error) {
    return describe(error);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The parser is WebAssembly, and its stack ends before JavaScript's would.
  if ('code' in error && error.code === 'ERR_INTERNAL_ASSERTION') return 'nested too deeply for the parser';
  const line = /(?:^|\n)filter\.ts:(\d+)/.exec(error.stack ?? '')?.[1];
  return `${line === undefined ? '' : `line ${line}: `}${error.message}`;
}

const NAME = 'filter.ts';
const HOOKS = ['onRequest', 'onResponse'];
