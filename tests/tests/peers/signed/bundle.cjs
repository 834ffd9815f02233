// Judges a bundle by npm's libraries of Sigstore.
// In: a public key in PEM, a bundle; no logs and no authorities are believed. Out: exit code 0 where the bundle verifies.
"use strict";
const { createHash, createPublicKey } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { bundleFromJSON } = require("@sigstore/bundle");
const { Verifier, toSignedEntity, toTrustMaterial } = require("@sigstore/verify");

const [key, file] = process.argv.slice(2);
const rawBytes = createPublicKey(readFileSync(key)).export({ type: "spki", format: "der" });
const hint = createHash("sha256").update(rawBytes).digest("base64");
const root = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
const thresholds = { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 };
const verifier = new Verifier(toTrustMaterial(root, { [hint]: { rawBytes } }), thresholds);
verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(readFileSync(file, "utf8")))));
