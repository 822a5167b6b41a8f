/**
 * Orders as the shop sends them become orders as the shop's pages read them.
 *
 * @typedef {object} Order
 * @property {string} customer
 * @property {string} currency
 * @property {{ sku: string, quantity: number, cents: number }[]} items
 * @property {boolean} [test] of the shop's own tests
 */

/** @type {import('kafka-drain/transform').Transform<Order>} */
export const transform = ({ value, timestamp, headers }) => {
  if (value.test === true) return null;
  const cents = value.items.reduce((sum, { quantity, cents }) => sum + quantity * cents, 0);
  return {
    customer: value.customer,
    items: value.items.map(({ sku, quantity }) => ({ sku, quantity })),
    total: { cents, currency: value.currency },
    orderedAt: timestamp,
    source: headers.find(({ name }) => name === 'source')?.value?.toString() ?? 'unknown',
  };
};
