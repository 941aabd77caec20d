// Columns of numbers and a little JSON in one compressed block of bytes: the counterpart of
// schedlab/view/widgets/blob.py, whose docstring has the layout.

const MAGIC = 0x31424c53; // "SLB1", read as a little-endian u32
const VERSION = 1;
const FIXED_BYTES = 8;

/**
 * @typedef {Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float64Array} Column
 * @typedef {{kind: string, meta: any, columns: Record<string, Column>}} Decoded
 * @typedef {"u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f64"} Type
 * @typedef {Type | "i64"} Stored
 * @typedef {{name: string, type: Type, stored: Stored, length: number, delta: boolean}} Description
 */

/** @type {Record<Type, (length: number) => Column>} */
const NEW = {
  u8: (length) => new Uint8Array(length),
  i8: (length) => new Int8Array(length),
  u16: (length) => new Uint16Array(length),
  i16: (length) => new Int16Array(length),
  u32: (length) => new Uint32Array(length),
  i32: (length) => new Int32Array(length),
  f64: (length) => new Float64Array(length),
};

/** @type {Record<Stored, number>} */
const BYTES = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, f64: 8, i64: 8 };

/** The bytes are not a blob, or are cut or damaged. */
export class BlobError extends Error {
  name = "BlobError";
}

/**
 * @param {ArrayBuffer | ArrayBufferView} data  as a Bytes trait holds it
 * @returns {Promise<Decoded>}
 * @throws {BlobError}
 */
export async function decode(data) {
  const bytes = asBytes(data);
  const header = readHeader(bytes);
  const descriptions = header.columns.map(checked);
  const total = descriptions.reduce((sum, one) => sum + BYTES[one.stored] * one.length, header.meta);
  const raw = await inflate(bytes.subarray(header.end), total);
  /** @type {Record<string, Column>} */
  const columns = Object.create(null);
  let at = header.meta;
  for (const one of descriptions) {
    const size = BYTES[one.stored] * one.length;
    columns[one.name] = readColumn(raw.subarray(at, at + size), one);
    at += size;
  }
  return { kind: header.kind, meta: parsed(raw.subarray(0, header.meta)), columns };
}

/**
 * @param {ArrayBuffer | ArrayBufferView} data
 * @returns {Uint8Array<ArrayBuffer>}
 */
function asBytes(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (!ArrayBuffer.isView(data)) throw new BlobError("no bytes to decode");
  return new Uint8Array(/** @type {ArrayBuffer} */ (data.buffer), data.byteOffset, data.byteLength);
}

/** @param {Uint8Array} bytes */
function readHeader(bytes) {
  if (bytes.length < FIXED_BYTES) throw new BlobError(`a blob of ${bytes.length} bytes is cut`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new BlobError("these bytes are no blob of schedlab");
  const end = FIXED_BYTES + view.getUint32(4, true);
  if (end > bytes.length) throw new BlobError("the blob's header is cut");
  const header = parsed(bytes.subarray(FIXED_BYTES, end));
  if (header?.version !== VERSION) {
    throw new BlobError(`the blob has version ${header?.version}; this code reads version ${VERSION}`);
  }
  if (typeof header.kind !== "string" || !Array.isArray(header.columns) || !isCount(header.meta)) {
    throw new BlobError("the blob's header is damaged");
  }
  const { kind, meta, columns } = header;
  return { kind: String(kind), meta: Number(meta), columns: /** @type {unknown[]} */ (columns), end };
}

/**
 * @param {any} one
 * @returns {Description}
 */
function checked(one) {
  const known = one && typeof one.name === "string" && Object.hasOwn(NEW, one.type);
  if (!known || !Object.hasOwn(BYTES, one.stored) || !isCount(one.length)) {
    throw new BlobError(`the blob describes a column that cannot be: ${JSON.stringify(one)}`);
  }
  return one;
}

/** @param {unknown} value */
function isCount(value) {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** @param {Uint8Array} bytes */
function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new BlobError("the blob's JSON is damaged", { cause: error });
  }
}

/**
 * Exactly `total` bytes, or an error: never more memory than the header says.
 *
 * @param {Uint8Array<ArrayBuffer>} deflated
 * @param {number} total
 */
async function inflate(deflated, total) {
  const raw = new Uint8Array(total);
  let at = 0;
  try {
    const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
    for (const reader = stream.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > total) {
        await reader.cancel();
        throw new BlobError("the blob holds more than its header says");
      }
      raw.set(value, at);
      at += value.length;
    }
  } catch (error) {
    if (error instanceof BlobError) throw error;
    throw new BlobError("the blob's compressed part is cut or damaged", { cause: error });
  }
  if (at !== total) throw new BlobError(`the blob holds ${at} bytes where its header says ${total}`);
  return raw;
}

/**
 * @param {Uint8Array} raw  the column's bytes: all lowest bytes, then all second ones, and so on
 * @param {Description} one
 * @returns {Column}
 */
function readColumn(raw, { type, stored, length, delta }) {
  const values = unshuffled(raw, stored, length);
  if (!delta && (type === stored || stored === "i64")) return values;
  const column = NEW[type](length);
  if (delta) {
    for (let i = 0, value = 0; i < length; i++) column[i] = value += values[i];
  } else {
    column.set(values);
  }
  return column;
}

/**
 * @param {Uint8Array} raw
 * @param {Stored} stored
 * @param {number} length
 * @returns {Column}
 */
function unshuffled(raw, stored, length) {
  const values = NEW[stored === "i64" ? "f64" : stored](length);
  const size = BYTES[stored];
  if (size === 1) {
    values.set(stored === "i8" ? new Int8Array(raw.buffer, raw.byteOffset, length) : raw);
  } else if (size === 2) {
    const high = raw.subarray(length);
    for (let i = 0; i < length; i++) values[i] = raw[i] | (high[i] << 8);
  } else if (size === 4) {
    words(raw, length, values);
  } else if (stored === "i64") {
    const low = words(raw.subarray(0, 4 * length), length, new Uint32Array(length));
    const high = words(raw.subarray(4 * length), length, new Int32Array(length));
    for (let i = 0; i < length; i++) values[i] = high[i] * 2 ** 32 + low[i];
  } else {
    const bytes = new Uint8Array(values.buffer);
    for (let plane = 0, from = 0; plane < 8; plane++) {
      for (let to = plane; to < bytes.length; to += 8) bytes[to] = raw[from++];
    }
  }
  return values;
}

/**
 * @param {Uint8Array} raw
 * @param {number} length
 * @param {Column} values
 */
function words(raw, length, values) {
  const [b, c, d] = [raw.subarray(length), raw.subarray(2 * length), raw.subarray(3 * length)];
  for (let i = 0; i < length; i++) values[i] = raw[i] | (b[i] << 8) | (c[i] << 16) | (d[i] << 24);
  return values;
}
