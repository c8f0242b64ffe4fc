// Downloads and runs the model, in a thread of its own so that the page stays responsive.
//
// It takes { id, model } to load a model, or { id, data, dims } to run it, and answers with the
// same id: { id, ... } or { id, failed, message }. During a download it reports { received }, in
// bytes.

/** @typedef {"download" | "start" | "model"} Where it failed, which decides what the reader is told */
/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/** @typedef {import("onnxruntime-web").InferenceSession.TensorValueMetadata} Input */

const RUNTIME = new URL("../onnxruntime/", import.meta.url);
/** @type {import("onnxruntime-web").InferenceSession} */
let session;
/** @type {typeof import("onnxruntime-web").Tensor} */
let Tensor;
let received = 0;

class Failure extends Error {
  /** @param {Where} where @param {string} message */
  constructor(where, message) {
    super(message);
    this.where = where;
  }
}

/** @param {URL | string} url @returns {Promise<Bytes>} */
async function download(url) {
  const parts = [];
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      received += value.length;
      postMessage({ received });
    }
  } catch (error) {
    throw new Failure("download", `${new URL(url).pathname}: ${error.message}`);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * The runtime is gzipped, to a quarter of its size; some servers unpack it.
 * @param {Bytes} bytes
 */
async function unpack(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @returns {Promise<typeof import("onnxruntime-web")>} */
async function loadRuntime() {
  try {
    return await import(new URL("ort.wasm.min.mjs", RUNTIME).href);
  } catch (error) {
    throw new Failure("download", error.message);
  }
}

/** @param {string} model its address */
async function load(model) {
  const [runtime, program, file] = await Promise.all([
    loadRuntime(),
    download(new URL("ort-wasm-simd-threaded.wasm.gz", RUNTIME)).then(unpack),
    download(model),
  ]);
  runtime.env.logLevel = "error";
  runtime.env.wasm.numThreads = 1; // more need headers that few servers send
  runtime.env.wasm.wasmPaths = RUNTIME.href;
  runtime.env.wasm.wasmBinary = program.buffer;
  try {
    session = await runtime.InferenceSession.create(file, { executionProviders: ["wasm"] });
  } catch (error) {
    // A bad model file fails inside the runtime, anything else before it.
    throw new Failure(
      /ERROR_CODE|protobuf|model/i.test(error.message) ? "model" : "start",
      error.message,
    );
  }
  Tensor = runtime.Tensor;
  const { type, shape } = /** @type {Input} */ (session.inputMetadata[0]);
  return { type, shape };
}

/** @param {Uint8Array | Float32Array | Int32Array} data @param {number[]} dims */
async function ask(data, dims) {
  const { name, type } = /** @type {Input} */ (session.inputMetadata[0]);
  const values = type === "float32" ? Float32Array.from(data) : data;
  const start = performance.now();
  const results = await session.run({ [name]: new Tensor(type, values, dims) });
  const milliseconds = performance.now() - start;
  return { logits: [...results[session.outputNames[0]].data], milliseconds };
}

addEventListener("message", async ({ data: { id, model, data, dims } }) => {
  try {
    postMessage({ id, ...(model ? await load(model) : await ask(data, dims)) });
  } catch (error) {
    postMessage({ id, failed: error.where ?? "model", message: error.message });
  }
});
