export { createAddressClaims, type ForeignAddress } from './address-claims.ts';
