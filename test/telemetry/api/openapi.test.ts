import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { test } from 'tap';
import { parse } from 'yaml';
import { type ApiPath, LIVE_PATH } from '../../../src/model/index.ts';
import { openApiDocument } from '../../../src/telemetry/index.ts';
import { observeSome, startApi } from './api-fixture.ts';

const QUERIES: Partial<Record<ApiPath, string>> = {
  '/api/v1/service-metrics': '?namespace=shop&name=cart&window=60',
  '/api/v1/trace': `?id=${'a'.repeat(32)}`,
};

test('docs/openapi.yaml is what scripts/write-openapi.ts writes', async (t) => {
  t.same(parse(readFileSync('docs/openapi.yaml', 'utf8')), JSON.parse(JSON.stringify(openApiDocument())));
});

test('every answer is as the OpenAPI document says, and every path is in it', async (t) => {
  const { store, url } = await startApi(t);
  observeSome(store);
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as ReturnType<
    typeof openApiDocument
  > & {
    readonly paths: Readonly<Record<string, { readonly get: { readonly responses: object } }>>;
  };
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(document, 'api');
  for (const path of Object.keys(document.paths).filter((each) => each !== LIVE_PATH)) {
    const pointer = `api#/paths/${path.replaceAll('/', '~1')}/get/responses/200/content/application~1json/schema`;
    const answer: unknown = await (await fetch(`${url}${path}${QUERIES[path as ApiPath] ?? ''}`)).json();
    t.ok(ajv.validate(pointer, answer), `${path} ${ajv.errorsText()}`);
    const [first] = Object.values(answer as object);
    t.not(JSON.stringify(first), '[]', `${path} has something to check`);
  }
  const problem: unknown = await (await fetch(`${url}/api/v1/flows?limit=x`)).json();
  t.ok(ajv.validate('api#/components/schemas/Problem', problem), ajv.errorsText());
});
