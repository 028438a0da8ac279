// Writes docs/licenses.md from package-lock.json: `node scripts/write-licenses.ts`.
import { writeFileSync } from 'node:fs';
import { licensesPage } from './packaging/licenses.ts';
import { productionPackages } from './packaging/production-packages.ts';

writeFileSync('docs/licenses.md', licensesPage(productionPackages()));
