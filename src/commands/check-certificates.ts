import type { MongodbSettings, Settings } from '../config/settings.js';
import { certificateWarning } from '../tls.js';
import type { Finding } from './check.js';

/** Client certificates that end soon or have ended; connects to nothing. Temporal's is looked at with its other credentials. */
export function checkCertificates({ kafka, mongodb, schemaRegistry }: Settings): Finding[] {
  const tokens = kafka.sasl?.mechanism === 'oauthbearer' ? kafka.sasl.tls : null;
  const certificates = [
    { area: 'kafka', name: 'kafka.ssl.cert', cert: kafka.ssl?.cert },
    { area: 'kafka', name: 'kafka.sasl.ssl.cert', cert: tokens?.cert },
    { area: 'mongodb', ...mongodbCertificate(mongodb) },
    { area: 'registry', name: 'schemaRegistry.ssl.cert', cert: schemaRegistry?.tls?.cert },
  ] as const;
  return certificates.flatMap(({ area, name, cert }) => {
    const text = certificateWarning(name, cert ?? null);
    return text === null ? [] : [{ area, pipeline: null, state: 'warning', text } as const];
  });
}

/** Where both are set, that of the URI isn't shown to anybody. */
function mongodbCertificate({ tls, uriCert }: MongodbSettings) {
  return (tls?.cert ?? null) === null
    ? { name: 'tlsCertificateKeyFile in mongodb.uri', cert: uriCert }
    : { name: 'mongodb.ssl.cert', cert: tls?.cert };
}
