import type { PipelineSettings, Settings } from '../config/settings.js';
import { reached } from '../time-limit.js';

const REMEDY =
  'check kafka.brokers, that the addresses in their advertised.listeners can be reached from here, and firewalls on the way';

/**
 * All that a command asks the brokers about one pipeline; a run gives up earlier. Of several pipelines each has a time of its own.
 * Error: `KAFKA_UNAVAILABLE`.
 */
export function kafkaAnswer<T>(
  question: Promise<T>,
  { kafka }: Settings,
  { topic, group }: PipelineSettings,
): Promise<T> {
  const peers = kafka.brokers.join(', ');
  const what = `Kafka at ${peers}, or a broker that it names, asked about topic ${topic} and group ${group},`;
  return reached(question, what, 'KAFKA_UNAVAILABLE', REMEDY);
}
