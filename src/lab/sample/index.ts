export { runShop, SHOP_ROLES, type ShopOptions, type ShopRole } from './shop-app.ts';
export { SHOP_NAMESPACE, shopObjects } from './shop-objects.ts';
