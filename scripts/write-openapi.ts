// Writes docs/openapi.yaml from the table of routes: `node scripts/write-openapi.ts && npx biome check --write docs`. A test fails when the two differ.
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { openApiDocument } from '../src/telemetry/index.ts';

writeFileSync(
  'docs/openapi.yaml',
  `# Written by scripts/write-openapi.ts. A node and the controller serve it as /openapi.json.\n${stringify(openApiDocument(), { lineWidth: 110 })}`,
);
