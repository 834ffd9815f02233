// Finds no way out of the container's confinement.
import assert from 'node:assert';
import { execSync } from 'node:child_process';
import { existsSync, unlinkSync, writeFileSync } from 'node:fs';

assert.deepEqual([process.getuid(), process.getgid()], [65532, 65532]);
for (const folder of ['', '/etc', '/usr/lib', '/usr/local/bin', '/usr/bin', '/var/lib', '/root']) {
  assert.throws(() => writeFileSync(`${folder}/smoke-probe`, 'x'), /EROFS|EACCES|EPERM/, folder);
}
writeFileSync('/tmp/smoke-probe', 'x');
unlinkSync('/tmp/smoke-probe');
for (const program of ['/bin/sh', '/bin/bash', '/usr/bin/env', '/usr/bin/apt', '/usr/bin/dpkg', '/usr/bin/npm', '/usr/bin/perl']) {
  assert.ok(!existsSync(program), program);
}
assert.throws(() => execSync('true', { stdio: 'ignore' }), /ENOENT/);
console.log('confined ok');
