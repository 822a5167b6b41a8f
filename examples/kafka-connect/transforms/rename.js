/** What `ReplaceField` did: `cust` becomes `customer`. */
export function transform({ value }) {
  if (!('cust' in value)) return value;
  const { cust, ...rest } = value;
  return { ...rest, customer: cust };
}
