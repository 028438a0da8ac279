export { parseJwtBundle, parseSpiffeBundle, parseX509Bundle, type SpiffeBundle } from './spiffe-bundle.ts';
export { parseSpiffeUri, type SpiffeUri } from './spiffe-uri.ts';
export { parseX509Svid, type X509Svid } from './x509-svid.ts';
