import type { ApiPath } from '../../model/index.ts';
import type { ApiClient, ApiQuery } from '../api/index.ts';
import type { Wanted } from './collect-mesh.ts';
import { jsonFile } from './report-file.ts';

const WINDOW: ApiQuery = { window: 900 };
const MANY: ApiQuery = { limit: 1_000 };

const QUESTIONS: readonly (readonly [path: ApiPath, query: ApiQuery])[] = [
  ['/api/v1/info', {}],
  ['/api/v1/workloads', WINDOW],
  ['/api/v1/services', WINDOW],
  ['/api/v1/topology', WINDOW],
  ['/api/v1/flows', { ...WINDOW, ...MANY }],
  ['/api/v1/connections', MANY],
  ['/api/v1/refusals', { ...WINDOW, ...MANY }],
  ['/api/v1/certificates', {}],
  ['/api/v1/policies', {}],
  ['/api/v1/waypoints', WINDOW],
  ['/api/v1/proxies', {}],
];

/** What a dashboard knows of the last fifteen minutes; `name` is whose it is. */
export function apiParts(api: ApiClient, name: string): readonly Wanted[] {
  return QUESTIONS.map(([question, query]) => {
    const path = `api/${name}/${question.slice(question.lastIndexOf('/') + 1)}.json`;
    return { path, read: async () => jsonFile(path, await api.get(question, query)) };
  });
}
