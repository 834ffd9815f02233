// Fetches a page over TLS from a server of a private CA; Debian's CAs must refuse it.
import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import https from 'node:https';

const get = (options) => new Promise((resolve, reject) => {
  https.get(process.env.SMOKE_URL, { timeout: 20000, ...options }, (answer) => {
    answer.resume();
    answer.on('end', () => resolve(answer.statusCode));
  }).on('error', reject);
});

assert.equal(await get({ ca: readFileSync('/smoke/ca.pem') }), 200);
await assert.rejects(get({}), /certificate|self.signed|unable to/i);
await assert.rejects(fetch(process.env.SMOKE_URL), (error) => /CERT|VERIFY|SELF_SIGNED/.test(error.cause?.code));
const bundle = readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8');
assert.ok(bundle.split('BEGIN CERTIFICATE').length > 100);
console.log('tls ok', process.versions.openssl);
