// The model's own thread, so that the page stays quick while it downloads and thinks.
//
// It gets { id, model } to load a model, or { id, data, dims } to ask it, and answers with the same
// id: { id, ... } or { id, failed, message }. While it downloads it reports { received }, in bytes.

const RUNTIME = new URL("../onnxruntime/", import.meta.url);
let session = null;
let Tensor = null;
let received = 0;

/** What the reader is told depends on where it failed: "download", "start" or "model". */
class Failure extends Error {
  constructor(where, message) {
    super(message);
    this.where = where;
  }
}

/** @param {URL | string} url @returns {Promise<Uint8Array>} */
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

/** The runtime lies packed on the server, a quarter of its size; some servers unpack it for us. */
async function unpack(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function loadRuntime() {
  try {
    return await import(new URL("ort.wasm.min.mjs", RUNTIME));
  } catch (error) {
    throw new Failure("download", error.message);
  }
}

async function load(model) {
  const [runtime, program, file] = await Promise.all([
    loadRuntime(),
    download(new URL("ort-wasm-simd-threaded.wasm.gz", RUNTIME)).then(unpack),
    download(model),
  ]);
  const start = performance.now();
  runtime.env.logLevel = "error";
  runtime.env.wasm.numThreads = 1; // more would ask for headers that few servers send
  runtime.env.wasm.wasmPaths = RUNTIME.href;
  runtime.env.wasm.wasmBinary = program.buffer;
  try {
    session = await runtime.InferenceSession.create(file, { executionProviders: ["wasm"] });
  } catch (error) {
    // A file that is no model fails in the runtime; anything else fails before it.
    throw new Failure(
      /ERROR_CODE|protobuf|model/i.test(error.message) ? "model" : "start",
      error.message,
    );
  }
  Tensor = runtime.Tensor;
  const [{ type, shape }] = session.inputMetadata;
  return { type, shape, milliseconds: performance.now() - start };
}

async function ask(data, dims) {
  const { name, type } = session.inputMetadata[0];
  const values = type === "float32" ? Float32Array.from(data) : data;
  const start = performance.now();
  const results = await session.run({ [name]: new Tensor(type, values, dims) });
  const milliseconds = performance.now() - start;
  return { logits: [...results[session.outputNames[0]].data], milliseconds };
}

onmessage = async ({ data: { id, model, data, dims } }) => {
  try {
    postMessage({ id, ...(model ? await load(model) : await ask(data, dims)) });
  } catch (error) {
    postMessage({ id, failed: error.where ?? "model", message: error.message });
  }
};
