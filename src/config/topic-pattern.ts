/**
 * Whether a topic matches a `topicPattern`: its whole name must match the regular expression. Kafka's own (`__consumer_offsets`)
 * match none.
 */
export function topicMatcher(pattern: string): (topic: string) => boolean {
  const expression = new RegExp(`^(?:${pattern})$`);
  return (topic) => !topic.startsWith('__') && expression.test(topic);
}
