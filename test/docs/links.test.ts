import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'tap';

const ELSEWHERE = /^[a-z][a-z0-9+.-]*:/i;

/** Targets of `[text](target)` and of `[name]: target`, outside of code. */
function linksOf(markdown: string): readonly string[] {
  const prose = markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');
  return [
    ...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g),
    ...prose.matchAll(/^\[[^\]]+\]:\s*<?([^\s>]+)/gm),
  ].map(([, target = '']) => target);
}

/** GitHub's: lower case, no punctuation, hyphens for spaces. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = markdown.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ +(.*)$/gm);
  return new Set(
    [...headings].map(([, text = '']) =>
      text
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function problemOf(file: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), decodeURIComponent(path));
  if (!existsSync(target)) return `${file}: ${link}: there is no ${target}`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchorsOf(readFileSync(target, 'utf8')).has(anchor)
    ? undefined
    : `${file}: ${link}: no heading of ${target} has that name`;
}

test('every relative link in the documentation leads somewhere', async (t) => {
  const files = globSync('**/*.md', {
    exclude: (path) => /(^|\/)(node_modules|dist|\.git)(\/|$)/.test(path),
  });
  t.ok(files.includes('README.md'));
  const links = files.flatMap((file) =>
    linksOf(readFileSync(file, 'utf8'))
      .filter((link) => !ELSEWHERE.test(link))
      .map((link) => ({ file, link })),
  );
  t.ok(links.length > 20, 'links were found');
  t.same(
    links.map(({ file, link }) => problemOf(file, link)).filter((problem) => problem !== undefined),
    [],
  );
});
