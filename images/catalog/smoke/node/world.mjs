// Looks at what a program expects of the system around it.
import assert from 'node:assert';
import dns from 'node:dns/promises';
import os from 'node:os';
import { domainToASCII } from 'node:url';

const at = (zone, moment) => new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(moment);
assert.equal(at('Europe/Paris', new Date('2026-01-01T00:00:00Z')), '01/01/2026, 01:00');
assert.equal(at('Europe/Paris', new Date('2026-07-01T00:00:00Z')), '01/07/2026, 02:00');
assert.ok(['UTC', 'Etc/UTC'].includes(Intl.DateTimeFormat().resolvedOptions().timeZone));
assert.equal(new Date(0).getTimezoneOffset(), 0);

assert.equal(new Intl.NumberFormat('de-DE').format(1234567.5), '1.234.567,5');
assert.equal(new Intl.DisplayNames('cs', { type: 'region' }).of('DE'), 'Německo');
assert.equal('žluťoučký'.toLocaleUpperCase('cs'), 'ŽLUŤOUČKÝ');
assert.equal(Buffer.from('€').toString('hex'), 'e282ac');
assert.equal(domainToASCII('müller.example'), 'xn--mller-kva.example');

assert.equal(os.userInfo().username, 'nonroot');
assert.equal(os.userInfo().homedir, '/home/nonroot');
assert.equal((await dns.lookup('localhost', { family: 4 })).address, '127.0.0.1');
assert.equal((await dns.lookupService('127.0.0.1', 22)).service, 'ssh');
console.log('world ok');
