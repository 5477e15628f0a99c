// What a browser context sent, stored and complained of.

/** The browser's own note that an answer was no success: the app handles those and tells the person. */
const ANSWERED = /^Failed to load resource: (the server responded with a status of [45]\d\d|net::ERR_)/;

export class Witness {
  #requests = [];

  /** All lines of the consoles. */
  console = [];
  /** What should not have been written: errors, uncaught exceptions, violations of the Content-Security-Policy. */
  complaints = [];

  static async of(context) {
    const witness = new Witness();
    context.on('request', (request) => witness.#requests.push(read(request)));
    context.on('console', (message) => {
      const [text, url] = [message.text(), message.location().url];
      witness.console.push(`${message.type()}: ${text} (${url})`);
      if (message.type() === 'error' && !(ANSWERED.test(text) && new URL(url).pathname.startsWith('/api/'))) {
        witness.complaints.push(`${text} (${url})`);
      }
    });
    context.on('weberror', (error) => witness.complaints.push(`uncaught: ${error.error().stack ?? error.error()}`));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy: ${event.effectiveDirective} forbids ${event.blockedURI} in ${event.sourceFile}:${event.lineNumber}`);
      });
    });
    return witness;
  }

  /** Every request so far: address, headers as sent, body as text and as hexadecimal digits. */
  requests() {
    return Promise.all(this.#requests);
  }

  /** The requests with this method and path. */
  async sent(method, path) {
    const requests = await this.requests();
    return requests.filter((request) => request.method === method && new URL(request.url).pathname === path);
  }
}

async function read(request) {
  // A request that is cut short has no more headers than those that were asked for.
  const headers = await request.allHeaders().catch(() => request.headers());
  const body = request.postDataBuffer();
  return {
    method: request.method(),
    url: request.url(),
    headers,
    body: body?.toString('utf8') ?? '',
    bytes: body?.toString('hex') ?? '',
  };
}

/** All that a page's origin has stored in its browser, bytes as hexadecimal digits; and what the page itself shows of it. */
export async function stored(page) {
  const cookies = await page.context().cookies();
  const inPage = await page.evaluate(async () => {
    const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const settled = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    async function plain(value) {
      if (value instanceof ArrayBuffer) return hex(new Uint8Array(value));
      if (ArrayBuffer.isView(value)) return hex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      if (value instanceof Blob) return hex(new Uint8Array(await value.arrayBuffer()));
      if (value instanceof CryptoKey) {
        const raw = value.extractable ? hex(new Uint8Array(await crypto.subtle.exportKey('raw', value))) : null;
        return { cryptoKey: value.algorithm.name, extractable: value.extractable, raw };
      }
      if (value instanceof Map || value instanceof Set) return plain(Array.from(value));
      if (Array.isArray(value)) return Promise.all(value.map(plain));
      if (value !== null && typeof value === 'object') {
        return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([key, inner]) => [key, await plain(inner)])));
      }
      return value;
    }
    const databases = {};
    for (const { name } of await indexedDB.databases()) {
      const database = await settled(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store);
        const [keys, values] = await Promise.all([settled(objects.getAllKeys()), settled(objects.getAll())]);
        databases[`${name}/${store}`] = await plain(keys.map((key, place) => ({ key, value: values[place] })));
      }
      database.close();
    }
    const caches_ = {};
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        caches_[`${name} ${request.url}`] = await (await cache.match(request)).text();
      }
    }
    return {
      localStorage: { ...localStorage },
      sessionStorage: { ...sessionStorage },
      databases,
      caches: caches_,
      page: { address: location.href, name: window.name, state: await plain(history.state), cookie: document.cookie },
    };
  });
  return { cookies, ...inPage };
}
