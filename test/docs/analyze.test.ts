import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { MESSAGES, NOT_APPLICABLE, OWN } from '../../src/controller/analysis/index.ts';

const page = readFileSync('docs/analyze.md', 'utf8');

test('docs/analyze.md explains every message as the code has it', async (t) => {
  for (const { code, name, level, cause, hint } of Object.values(OWN))
    t.ok(
      page.includes(`### ${code} ${name} (${level})`) && page.includes(`${cause} **To do:** ${hint}.`),
      code,
    );
  for (const { code, name, level, hint } of MESSAGES)
    if (code.startsWith('IST')) t.ok(page.includes(`| ${code} | ${name} | ${level} | ${hint} |`), code);
  for (const [code, reason] of Object.entries(NOT_APPLICABLE))
    t.ok(page.includes(`| ${code} | ${reason} |`), code);
});

test('no two messages have the same code', async (t) => {
  t.equal(new Set(MESSAGES.map(({ code }) => code)).size, MESSAGES.length);
});

test('the page has no message that there is not', async (t) => {
  const known = new Set([...MESSAGES.map(({ code }) => code), ...Object.keys(NOT_APPLICABLE)]);
  const told = [...page.matchAll(/^(?:### |\| )((?:NM|IST)\d{4}) /gm)].map(([, code = '']) => code);
  t.same(
    told.filter((code) => !known.has(code)),
    [],
  );
});
