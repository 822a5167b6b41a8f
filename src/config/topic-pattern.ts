/** The regular expression of a `topicPattern`, which must match the whole name of a topic. */
export function topicPatternOf(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}
