export { type AddressClaims, createAddressClaims, type ForeignAddress } from './address-claims.ts';
