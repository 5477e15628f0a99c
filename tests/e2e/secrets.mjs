// A member's secrets in every form in which they could be sent or stored by mistake, and the search for them.

import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

const LIST = readFileSync(new URL('../vectors/bip39-english.txt', import.meta.url), 'utf8').trim().split('\n');

/** The 32 bytes that 24 recovery words stand for (BIP 39: 11 bits a word, the last 8 bits a checksum). */
export function seedOf(words) {
  const bits = words.map((word) => LIST.indexOf(word).toString(2).padStart(11, '0')).join('');
  const bytes = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const [seed, checksum] = [bytes.subarray(0, 32), bytes[32]];
  if (words.length !== 24 || createHash('sha256').update(seed).digest()[0] !== checksum) {
    throw new Error(`these are no recovery words: ${words.join(' ')}`);
  }
  return seed;
}

/** The Ed25519 public key of a seed (RFC 8032). */
export function publicKeyOf(seed) {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  return key.export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** What must never leave the page's memory, by name: password, words, seed, and the private key as RFC 8032 expands it. */
export function secretsOf({ password, words }) {
  const seed = seedOf(words);
  const expanded = createHash('sha512').update(seed).digest();
  const [scalar, prefix] = [expanded.subarray(0, 32), expanded.subarray(32)];
  const clamped = Buffer.from(scalar);
  clamped[0] &= 0xf8;
  clamped[31] = (clamped[31] & 0x7f) | 0x40;
  return [
    { name: 'password', forms: formsOfText(password) },
    { name: 'recovery words', forms: formsOfWords(words) },
    { name: 'seed', forms: formsOfBytes(seed) },
    { name: 'private scalar', forms: [...formsOfBytes(scalar), ...formsOfBytes(clamped)] },
    { name: 'private prefix', forms: formsOfBytes(prefix) },
  ];
}

/** Bytes as hexadecimal digits, as a list of numbers, and as base64, wherever in a longer text they begin. */
export function formsOfBytes(bytes) {
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Only the digits that no neighbour has a share in.
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [hex, hex.toUpperCase(), [...bytes].join(','), [...bytes].join(', '), ...base64];
}

/** A text as it is, as JSON and addresses write it, and its bytes. */
export function formsOfText(text) {
  const json = JSON.stringify(text).slice(1, -1);
  return [text, json, encodeURIComponent(text), encodeURIComponent(text).replaceAll('%20', '+'), ...formsOfBytes(Buffer.from(text))];
}

/** Any three words in a row, whatever stands between them; and the bytes of all of them. */
function formsOfWords(words) {
  const runs = words.slice(2).map((_, at) => new RegExp(`\\b${words.slice(at, at + 3).join('[^a-zA-Z]{1,8}')}\\b`, 'i'));
  return [...runs, ...formsOfBytes(Buffer.from(words.join(' ')))];
}

/** The names of those secrets that are somewhere in `where`, each with the form found. */
export function find(secrets, where) {
  const text = typeof where === 'string' ? where : JSON.stringify(where);
  // JSON inside JSON has its quotes escaped; both readings are searched.
  const readings = [text, text.replaceAll('\\', '')];
  const within = (form) => readings.some((reading) => (form instanceof RegExp ? form.test(reading) : reading.includes(form)));
  return secrets.flatMap(({ name, forms }) => forms.filter(within).map((form) => `${name} as ${form}`));
}
