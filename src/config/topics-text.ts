import type { TopicSelection } from './settings.js';

/** More names than this are counted, not listed. */
const LISTED = 4;

/** The topics of a pipeline in a few words: `orders`, `orders, customers`, `a, b, c and 47 more` or `/^shop\\..*$/`. */
export function topicsText(topics: TopicSelection): string {
  if ('pattern' in topics) return `/${topics.pattern}/`;
  const { names } = topics;
  if (names.length <= LISTED) return names.join(', ');
  return `${names.slice(0, LISTED - 1).join(', ')} and ${names.length - LISTED + 1} more`;
}

/** The pattern in such a text; `null`: it is of names, which have no slash. */
export function patternIn(text: string): string | null {
  return /^\/(.*)\/$/s.exec(text)?.[1] ?? null;
}
