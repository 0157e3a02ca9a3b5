"""Executes a notebook on the GoNB kernel: execute.py NOTEBOOK OUT_IPYNB OUT_HTML KERNEL.

Prints one JSON object a line about what happens. Saves the notebook after every cell. An interrupt, or the end of standard
input (the caller has died), interrupts the running cell, which saves its state, and ends the notebook there.
"""
import asyncio, json, os, re, signal, sys, threading

import jinja2
import nbformat
from latex2mathml.converter import convert
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def save(notebook, path):
    with open(path + ".unfinished", "w", encoding="utf-8") as file:
        nbformat.write(notebook, file)
    os.replace(path + ".unfinished", path)


class Renderer(IPythonRenderer):
    """Turns formulas into MathML, which browsers draw by themselves: MathJax would be loaded from the network."""

    def mathml(self, tex, display):
        try:
            return convert(tex, display=display)
        except Exception:  # a formula that the converter does not know is shown as it was written
            return "<code>" + self.escape_html(tex) + "</code>"

    def block_math(self, body):
        return self.mathml(body, "block")

    def inline_math(self, body):
        return self.mathml(body, "inline")


class OfflineExporter(HTMLExporter):
    """HTMLExporter without anything that a browser would fetch."""

    @jinja2.pass_context
    def markdown2html(self, context, source):
        attachments = context.get("cell", {}).get("attachments", {})
        renderer = Renderer(escape=False, attachments=attachments, embed_images=True, path=self.path, anchor_link_text="")
        return MarkdownWithMath(renderer=renderer).render(source)


SCRIPTS = re.compile(r"<script\b[^>]*>.*?</script>\s*", re.S)


def export(notebook, path, folder):
    exporter = OfflineExporter(embed_images=True)
    exporter.path = folder
    html, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": notebook.metadata.get("title", "notebook"), "path": folder}})
    # The page's own scripts load MathJax, RequireJS and Mermaid; no output needs them.
    head, mark, body = html.partition("</head>")
    html = SCRIPTS.sub("", head) + mark + body
    with open(path + ".unfinished", "w", encoding="utf-8") as file:
        file.write(html)
    os.replace(path + ".unfinished", path)


def failure(cell, number, error, program):
    """What went wrong, and in which line of which cell: GoNB names the place in its error or its output, unless a piece of the
    output ended within the place: then the line of the program is looked for in the cell."""
    text = [ANSI.sub("", o.text) for o in cell.outputs if o.output_type == "stream" and o.name == "stderr"]
    for output in cell.outputs:
        trace = "\n".join(ANSI.sub("", t) for t in output.get("traceback", []))
        if trace not in "".join(text):  # GoNB repeats an exit status
            text.append(trace)
    text = "".join(text).strip()
    places = re.findall(r"[Cc]ell\s*\[(\d+)\]:?\s*Line (\d+)", text)
    lines = cell.source.splitlines()
    here = [int(line) for n, line in places if int(n) == number and 0 < int(line) <= len(lines)]
    for line in re.findall(r"/main\.go:(\d+)", text):
        here += [i + 1 for i, own in enumerate(lines) if program[int(line) - 1 : int(line)] == [own.strip()]]
    line = here[0] if here else 0
    say("error", cell=number, line=line, source=lines[line - 1].strip() if line else "", error=text or str(error))


async def main(source, target, page, kernel):
    folder = os.path.dirname(os.path.abspath(source))
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(notebook, timeout=None, kernel_name=kernel, resources={"metadata": {"path": folder}})
    code = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code" and c.source.strip()]
    number = {index: n + 1 for n, index in enumerate(code)}

    def start(cell, cell_index):
        if cell_index in number:
            say("start", cell=number[cell_index], total=len(code))

    def end(cell, cell_index, execute_reply):
        if cell_index in number and execute_reply["content"]["status"] == "ok":
            say("end", cell=number[cell_index])
        save(notebook, target)

    program = []

    def failed(cell, cell_index, execute_reply):
        """Keeps the program that GoNB made of the cells: it is gone with the kernel."""
        text = "".join(o.text for o in cell.outputs if o.output_type == "stream")
        for path in re.findall(r"(/\S+/gonb_\w+/main\.go):\d+", ANSI.sub("", text))[:1]:
            with open(path, encoding="utf-8") as file:
                program[:] = [line.strip() for line in file]

    client.on_cell_start, client.on_cell_executed, client.on_cell_error = start, end, failed
    client.km = client.create_kernel_manager()
    client.km.kernel_spec.argv.append("-raw_error")

    loop = asyncio.get_running_loop()
    interrupted = []

    def interrupt():
        if not interrupted:
            interrupted.append(True)
            loop.create_task(client.km.interrupt_kernel())

    def parent_gone():
        while os.read(0, 1024):
            pass
        loop.call_soon_threadsafe(interrupt)

    threading.Thread(target=parent_gone, daemon=True).start()
    ok = False
    try:
        async with client.async_setup_kernel():
            for s in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(s, interrupt)
            say("kernel")
            for index, cell in enumerate(notebook.cells):
                if interrupted:
                    break
                await client.async_execute_cell(cell, index, execution_count=client.code_cells_executed + 1)
        ok = not interrupted
        if interrupted:
            say("interrupted")
    except CellExecutionError as error:
        failure(notebook.cells[index], number[index], error, program)
    except DeadKernelError:
        say("error", cell=number.get(index, 0), line=0, source="", error="the kernel died (out of memory?)")
    finally:
        save(notebook, target)
        export(notebook, page, folder)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
