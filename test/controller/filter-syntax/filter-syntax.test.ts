import { test } from 'tap';
import { systemClock } from '../../../src/base/index.ts';
import { createSyntaxCheck } from '../../../src/controller/filter-syntax/index.ts';

/** [module, what is wrong with it]. */
const MODULES: readonly (readonly [string, RegExp | undefined])[] = [
  ['export function onRequest(request: { path: string }): void { request.path = "/"; }', undefined],
  [
    'import type { OnResponse } from "nodemesh/filter"; export const onResponse: OnResponse = async () => undefined;',
    undefined,
  ],
  ['while (true) {} export function onRequest() {}', undefined],
  ['export function onRequest() {}\nlet x = ;', /^line 2: Expression expected$/],
  ['\n\nenum Color { Red }', /^line 3: .*enum/],
  ['export function onRequest() {} const a = 1; const a = 2;', /already been declared/],
  ['export { onRequest };', /not defined/],
  ['import fs from "node:fs"; export function onRequest() {}', /may import nothing, got "node:fs"/],
  ['export * from "./other.ts";', /may import nothing, got ".\/other.ts"/],
  ['const onRequest = () => undefined;', /exports onRequest or onResponse, got neither/],
  ['', /exports onRequest or onResponse/],
  ['('.repeat(100_000), /nested too deeply/],
];

test('modules are judged without being run, and a broken parser is nobody else’s', async (t) => {
  const check = createSyntaxCheck(systemClock);
  t.teardown(() => check.close());
  const problems = await Promise.all(MODULES.map(([source]) => check.problemOf(source)));
  for (const [index, [source, expected]] of MODULES.entries()) {
    const name = source.slice(0, 60);
    if (expected === undefined) t.equal(problems[index], undefined, name);
    else t.match(problems[index], expected, name);
  }
  t.equal(await check.problemOf('export function onRequest() {}'), undefined, 'after the parser broke');
});

test('closing does not wait for modules that nobody needs judged any more', async (t) => {
  const check = createSyntaxCheck(systemClock);
  const waiting = Array.from({ length: 20 }, (_none, index) =>
    check.problemOf(`export const onRequest = ${index};`),
  );
  await check.close();
  await Promise.all(waiting);
  t.pass();
});
