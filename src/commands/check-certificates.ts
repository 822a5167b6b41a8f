import type { Settings } from '../config/settings.js';
import { certificateWarning } from '../tls.js';
import type { Finding } from './check.js';

/** Client certificates that end soon or have ended; connects to nothing. Temporal's stands in none of our files. */
export function checkCertificates({ kafka, mongodb, schemaRegistry }: Settings): Finding[] {
  const tokens = kafka.sasl?.mechanism === 'oauthbearer' ? kafka.sasl.tls : null;
  const certificates = [
    { area: 'kafka', name: 'kafka.ssl.cert', tls: kafka.ssl },
    { area: 'kafka', name: 'kafka.sasl.ssl.cert', tls: tokens },
    { area: 'mongodb', name: 'mongodb.ssl.cert', tls: mongodb.tls },
    { area: 'registry', name: 'schemaRegistry.ssl.cert', tls: schemaRegistry?.tls ?? null },
  ] as const;
  return certificates.flatMap(({ area, name, tls }) => {
    const text = certificateWarning(name, tls?.cert ?? null);
    return text === null ? [] : [{ area, pipeline: null, state: 'warning', text } as const];
  });
}
