import { createRandom, type Random } from './random.js';

/** The states an order goes through. */
export type OrderStatus = 'placed' | 'paid' | 'packed' | 'shipped' | 'delivered' | 'returned' | 'cancelled';

/** The value of a sample record: the whole order as it stands after an update. */
export interface Order {
  readonly orderId: string;
  readonly status: OrderStatus;
  /** Counts the updates from 1. */
  readonly revision: number;
  readonly customer: { readonly id: string; readonly name: string; readonly country: string };
  readonly items: readonly {
    readonly sku: string;
    readonly name: string;
    readonly quantity: number;
    readonly price: number;
  }[];
  readonly total: number;
  readonly currency: 'EUR';
  readonly placedAt: string;
  readonly updatedAt: string;
}

const PATHS: readonly (readonly OrderStatus[])[] = [
  ['placed', 'paid', 'packed', 'shipped', 'delivered'],
  ['placed', 'paid', 'packed', 'shipped', 'delivered'],
  ['placed', 'paid', 'packed', 'shipped', 'delivered', 'returned'],
  ['placed', 'paid', 'packed', 'shipped'],
  ['placed', 'paid', 'cancelled'],
];

const PRODUCTS = [
  { sku: 'lamp-oak', name: 'Oak desk lamp', cents: 5_990 },
  { sku: 'mug-blue', name: 'Blue mug', cents: 1_250 },
  { sku: 'chair-ash', name: 'Ash chair', cents: 18_900 },
  { sku: 'rug-wool', name: 'Wool rug', cents: 24_500 },
  { sku: 'pen-brass', name: 'Brass pen', cents: 2_400 },
  { sku: 'clock-wall', name: 'Wall clock', cents: 4_550 },
  { sku: 'shelf-pine', name: 'Pine shelf', cents: 7_900 },
] as const;

const FIRST_NAMES = [
  'Ada',
  'Blaise',
  'Chen',
  'Dilek',
  'Emmy',
  'Femi',
  'Grace',
  'Hedy',
  'Ines',
  'Jun',
] as const;
const LAST_NAMES = [
  'Berg',
  'Costa',
  'Diallo',
  'Eriksen',
  'Fischer',
  'Garcia',
  'Haddad',
  'Ito',
  'Kaya',
] as const;
const COUNTRIES = ['AT', 'DE', 'DK', 'ES', 'FR', 'IT', 'NL', 'PT', 'SE'] as const;

const UPDATE_INTERVAL_MS = 3 * 60 * 60 * 1_000;

/** The document id and record key of the n-th order: `o-1001` is the first. */
export function orderId(index: number): string {
  return `o-${1001 + index}`;
}

/** All versions of one order, oldest first; the same for the same index and time of placing. */
export function orderVersions(index: number, placedAt: Date): Order[] {
  const random = createRandom(index);
  const path = random.pick(PATHS);
  const customer = makeCustomer(random);
  const items = makeItems(random);
  const cents = items.reduce((sum, { quantity, price }) => sum + Math.round(price * 100) * quantity, 0);
  return path.map((status, step) => ({
    orderId: orderId(index),
    status,
    revision: step + 1,
    customer,
    items,
    total: cents / 100,
    currency: 'EUR',
    placedAt: placedAt.toISOString(),
    updatedAt: new Date(placedAt.getTime() + step * UPDATE_INTERVAL_MS).toISOString(),
  }));
}

function makeCustomer(random: Random): Order['customer'] {
  return {
    id: `c-${100 + random.whole(3_000)}`,
    name: `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`,
    country: random.pick(COUNTRIES),
  };
}

function makeItems(random: Random): Order['items'] {
  return Array.from({ length: 1 + random.whole(3) }, () => {
    const { sku, name, cents } = random.pick(PRODUCTS);
    return { sku, name, quantity: 1 + random.whole(3), price: cents / 100 };
  });
}
