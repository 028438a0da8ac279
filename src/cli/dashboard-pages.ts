import { fileURLToPath } from 'node:url';

/** Where `npm run dashboard` puts the pages, whether this runs from source or is built. */
export function dashboardPages(): string {
  return fileURLToPath(new URL('../../dist/dashboard', import.meta.url));
}
