"""Live models: the runtime comes into the site, the size into the page, or the build fails."""

import gzip
import re
import time

import pytest
from PIL import Image
from small_book import SmallBook, cell

FILES = {
    "ort.wasm.min.mjs": "export {};",
    "ort-wasm-simd-threaded.mjs": "export default 1;",
    "ort-wasm-simd-threaded.wasm": "program " * 500,
}
PUBLISH = """from pathlib import Path
from torchbook.book.publish import publish
Path('m.onnx').write_text('x' * {size})
publish('m.onnx')"""
LIVE = """<tb-classifier model="_static/models/{name}" classes="a, b">
<p>Still.</p>
</tb-classifier>
"""

MEAN_COLOUR = """from onnx import TensorProto, helper
from torchbook.book.publish import publish
import onnx
x = helper.make_tensor_value_info("x", TensorProto.UINT8, [1, 3, "height", "width"])
y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])
axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
nodes = [
    helper.make_node("Cast", ["x"], ["floats"], to=TensorProto.FLOAT),
    helper.make_node("ReduceMean", ["floats", "axes"], ["y"], keepdims=0),
]
graph = helper.make_graph(nodes, "mean colour", [x], [y], [axes])
opsets = [helper.make_opsetid("", 18)]
model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
model.metadata_props.add(key="threshold", value="0.684")
onnx.save(model, "colour.onnx")
publish("colour.onnx")"""
PHOTOS = """<tb-classifier model="_static/models/colour.onnx" kind="photo" classes="a, b, c">

![A red card](red.png)
![A dark card](dark.png)

</tb-classifier>

![Another card](red.png)
"""


@pytest.fixture
def book(tmp_path):
    book = SmallBook(tmp_path)
    book.page("index", "A sentence.")
    return book


def install(book):
    for name, text in FILES.items():
        book.write(f"node_modules/onnxruntime-web/dist/{name}", text)


def said_size(book, page, element="tb-classifier"):
    return int(re.search(rf'<{element} [^>]*data-bytes="(\d+)"', book.html(page))[1])


def test_the_runtime_lies_in_the_site_and_the_size_in_the_page(book):
    install(book)
    book.page("index", LIVE.format(name="m.onnx"))
    book.page("draw", LIVE.replace("classifier", "sampler").format(name="m.onnx"))
    book.page("model", cell(PUBLISH.format(size=1000)))
    build = book.build()
    assert build.ok, build.output
    folder = book.folder / "_build" / "html" / "_static" / "onnxruntime"
    packed = folder / "ort-wasm-simd-threaded.wasm.gz"
    assert gzip.decompress(packed.read_bytes()).decode() == FILES["ort-wasm-simd-threaded.wasm"]
    assert {path.name for path in folder.iterdir()} == {
        *("LICENSE.txt", "ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", packed.name)
    }
    runtime = sum(path.stat().st_size for path in folder.iterdir() if path.suffix != ".txt")
    assert said_size(book, "index") == runtime + 1000
    assert said_size(book, "draw", "tb-sampler") == runtime + 1000
    assert "figures/sampler.js" in book.html("draw")
    assert "figures/classifier.js" in book.html("index")
    assert "figures/classifier.js" not in book.html("model")

    # Nothing changed: nothing is written. Another page's model changed: the size is another.
    before = packed.stat().st_mtime_ns
    time.sleep(0.01)
    book.page("model", cell(PUBLISH.format(size=3000)))
    build = book.build()
    assert build.ok, build.output
    assert packed.stat().st_mtime_ns == before
    assert said_size(book, "index") == runtime + 3000


def test_a_figure_that_writes_gets_the_runtime_and_its_size_too(book):
    install(book)
    book.page("index", '<tb-writer model="_static/models/m.onnx" letters="ab">Still.</tb-writer>')
    book.page("model", cell(PUBLISH.format(size=1000)))
    build = book.build()
    assert build.ok, build.output
    folder = book.folder / "_build" / "html" / "_static" / "onnxruntime"
    runtime = sum(path.stat().st_size for path in folder.iterdir() if path.suffix != ".txt")
    size = re.search(r'<tb-writer [^>]*data-bytes="(\d+)"', book.html("index"))[1]
    assert int(size) == runtime + 1000
    assert "figures/writer.js" in book.html("index")


def test_a_model_that_nobody_publishes_and_a_runtime_that_is_not_there_fail_the_build(book):
    book.page("index", LIVE.format(name="lost.onnx"))
    book.page("more", "No model here.")
    for _ in range(2):
        build = book.build()
        assert not build.ok
        runtime, model = build.problems
        assert "the live models of index.html need onnxruntime-web" in runtime
        assert "run npm ci" in runtime
        expected = "index.html: asks for _static/models/lost.onnx, which the site does not have"
        assert model.endswith(expected)


def test_samples_have_the_answers_of_the_model_and_the_figure_its_threshold(book):
    install(book)
    for name, colour in (("red", (200, 20, 0)), ("dark", (3, 2, 1))):
        Image.new("RGB", (6, 4), colour).save(book.folder / f"{name}.png")
    book.page("index", PHOTOS)
    book.page("model", cell(MEAN_COLOUR))
    build = book.build()
    assert build.ok, build.output
    html = book.html("index")
    pictures = re.findall(r"<img[^>]*card[^>]*>", html)
    answers = [re.findall(r'data-logits="([^"]*)"', picture) for picture in pictures]
    assert answers == [["200.000 20.000 0.000"], ["3.000 2.000 1.000"], []]
    assert re.search(r'<tb-classifier [^>]*data-threshold="0.684"', html)


def test_a_book_without_live_models_needs_no_runtime(book):
    book.page("more", "No model here.")
    build = book.build()
    assert build.ok, build.output
    folder = book.folder / "_build" / "html" / "_static" / "onnxruntime"
    assert [path.name for path in folder.iterdir()] == ["LICENSE.txt"]
