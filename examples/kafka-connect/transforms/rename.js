/** What `RenameByMapping` did: `cust` becomes `customer`. */
export function transform({ value: { cust, ...rest } }) {
  return { ...rest, customer: cust };
}
