/** Colours, on a terminal only. */
export interface Style {
  good: (text: string) => string;
  warning: (text: string) => string;
  bad: (text: string) => string;
  strong: (text: string) => string;
  faint: (text: string) => string;
}

const CODES = { good: 32, warning: 33, bad: 31, strong: 1, faint: 2 } as const satisfies Record<
  keyof Style,
  number
>;

export function createStyle(colours: boolean): Style {
  const paint = (code: number) => (text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    good: paint(CODES.good),
    warning: paint(CODES.warning),
    bad: paint(CODES.bad),
    strong: paint(CODES.strong),
    faint: paint(CODES.faint),
  };
}
