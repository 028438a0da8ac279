export { parseJwtBundle, parseSpiffeBundle, parseX509Bundle, type SpiffeBundle } from './spiffe-bundle.ts';
export { parseSpiffeUri, type SpiffeUri } from './spiffe-uri.ts';
export { checkSvidLeaf, checkSvidSigner, parseX509Svid, type X509Svid } from './x509-svid.ts';
