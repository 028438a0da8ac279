import { LIVE_PATH } from '../../../model/index.ts';
import { API_ROUTES, type ApiRoute } from '../routes.ts';
import { eventSchemas } from './event-schemas.ts';
import { ref, type Schema } from './schema.ts';
import { trafficSchemas } from './traffic-schemas.ts';
import { viewSchemas } from './view-schemas.ts';

/** The API as an OpenAPI 3.1 document: what `/openapi.json` answers and docs/openapi.yaml has. */
export function openApiDocument(): Schema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'nodemesh',
      version: 'v1',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'What a node (port 15022) or the whole mesh (the controller, port 8080) knows of the last fifteen minutes. Read-only.',
    },
    security: [{}, { token: [] }],
    paths: {
      ...Object.fromEntries(Object.entries(API_ROUTES).map(([path, route]) => [path, pathItem(route)])),
      [LIVE_PATH]: {
        get: {
          summary: 'The live feed: a WebSocket of text messages, each one JSON object',
          description:
            'The reader sends LiveFollow, at first and whenever it wants something else; it gets LiveMessage.',
          operationId: 'live',
          responses: { 101: { description: 'A WebSocket.' }, default: problem },
        },
      },
    },
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'The token of --dashboard-token-file; not needed on loopback without one.',
        },
      },
      schemas: { ...trafficSchemas, ...viewSchemas, ...eventSchemas },
    },
  };
}

function pathItem({ summary, parameters, answerSchema }: Omit<ApiRoute, 'answer'>): Schema {
  return {
    get: {
      summary,
      ...(Object.keys(parameters).length > 0 && {
        parameters: Object.values(parameters).map(({ name, description, schema, required }) => ({
          name,
          in: 'query',
          description,
          required,
          schema,
        })),
      }),
      responses: {
        200: { description: 'The answer.', content: { 'application/json': { schema: answerSchema } } },
        default: problem,
      },
    },
  };
}

const problem: Schema = {
  description: 'What is wrong with the request, and what to do about it.',
  content: { 'application/json': { schema: ref('Problem') } },
};
