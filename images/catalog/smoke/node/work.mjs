// Loads every built-in module and does real work with the libraries behind them.
import assert from 'node:assert';
import crypto from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import zlib from 'node:zlib';

const require = createRequire(import.meta.url);
process.removeAllListeners('warning');
for (const name of builtinModules) require(name);

const text = Buffer.from('bedplate'.repeat(1000));
assert.deepEqual(zlib.gunzipSync(zlib.gzipSync(text)), text);
assert.deepEqual(zlib.brotliDecompressSync(zlib.brotliCompressSync(text)), text);
assert.ok(crypto.createHash('sha256').update('abc').digest('hex').startsWith('ba7816bf'));
const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
assert.ok(crypto.verify('sha256', text, publicKey, crypto.sign('sha256', text, privateKey)));

const folder = mkdtempSync('/tmp/smoke-');
writeFileSync(path.join(folder, 'file'), text);
assert.deepEqual(readFileSync(path.join(folder, 'file')), text);
rmSync(folder, { recursive: true });

const source = "require('node:worker_threads').parentPort.postMessage([...Array(1000).keys()].reduce((a, b) => a + b))";
const sum = await new Promise((resolve, reject) => {
  const worker = new Worker(source, { eval: true });
  worker.once('message', resolve);
  worker.once('error', reject);
});
assert.equal(sum, 499500);
assert.equal(typeof fetch, 'function');
console.log('work ok', process.version);
