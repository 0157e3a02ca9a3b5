"""Executes a notebook on the GoNB kernel: execute.py NOTEBOOK OUT_IPYNB OUT_HTML KERNEL.

Prints one JSON object a line about what happens. Saves the notebook after every cell. An interrupt, or the end of standard
input (the caller has died), interrupts the running cell, which saves its state, and ends the notebook there.
"""
import asyncio, collections, json, os, re, signal, sys, threading

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from page import export

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def cut(text, most):
    """The beginning and the end of a text that is too long."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}\n[... {len(text) - most:,} characters are left out ...]\n{text[-(most // 2) :]}"


class Invalid(Exception):
    """What is wrong with a file that is no notebook."""


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        content = json.loads(text) if text.strip() else None
    except ValueError as error:  # of the encoding, or of JSON
        raise Invalid(f"it is not JSON: {error}") from None
    if content is None:
        raise Invalid("it is empty")
    if not isinstance(content, dict) or not isinstance(content.get("cells", content.get("worksheets")), list):
        raise Invalid("it has no list of cells")
    if content.get("nbformat") not in (3, 4):
        raise Invalid(f"its nbformat is {json.dumps(content.get('nbformat'))}; want 4")
    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # the library has many
        raise Invalid(str(error).strip().splitlines()[0]) from None
    return notebook


def save(notebook, path):
    with open(path + ".unfinished", "w", encoding="utf-8") as file:
        nbformat.write(notebook, file)
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
    text = cut(text or str(error), MOST_TEXT)
    say("error", cell=number, line=line, source=cut(lines[line - 1].strip(), MOST_TEXT) if line else "", error=text)


MOST_TEXT = 20_000  # characters of an error
MOST_PRINTED = 1_000_000  # characters that a cell prints and the notebook keeps
MOST_SHOWN = 64_000_000  # characters of a cell's pictures and tables


class Client(NotebookClient):
    """A NotebookClient that keeps what a cell prints only up to a limit: the beginning and the end."""

    def begin(self):
        """A cell starts."""
        self.printed, self.shown = 0, 0
        self.end, self.held, self.left_out = collections.deque(), 0, 0  # pieces that are not yet among the outputs

    def output(self, outs, msg, display_id, cell_index):
        content = msg["content"]
        if self.clear_before_next_output:
            self.begin()
        if msg["msg_type"] == "stream":
            room = max(0, MOST_PRINTED // 2 - self.printed)
            self.printed += len(content["text"])
            content["text"], rest = content["text"][:room], content["text"][room:]
            if rest:
                self.keep_end(content["name"], rest)
            if not content["text"]:
                return None
        elif msg["msg_type"] == "error":
            content["evalue"] = cut(content["evalue"], MOST_TEXT)
            content["traceback"] = [cut("\n".join(content["traceback"]), MOST_PRINTED)]
        elif "data" in content:
            size = sum(len(str(value)) for value in content["data"].values())
            self.shown += size
            if self.shown > MOST_SHOWN:
                content["data"] = {"text/plain": f"[{size:,} characters of output are left out: the cell shows more than {MOST_SHOWN:,}]"}
        return super().output(outs, msg, display_id, cell_index)

    def keep_end(self, name, text):
        piece = text[-(MOST_PRINTED // 2) :]
        self.end.append((name, piece))
        self.held, self.left_out = self.held + len(piece), self.left_out + len(text) - len(piece)
        while self.held - len(self.end[0][1]) >= MOST_PRINTED // 2:
            gone = len(self.end.popleft()[1])
            self.held, self.left_out = self.held - gone, self.left_out + gone

    def clear_output(self, outs, msg, cell_index):
        super().clear_output(outs, msg, cell_index)
        if not outs:
            self.begin()

    def finish(self, cell):
        """A cell has ended: the end of what it printed follows the beginning."""
        if not self.end:
            return
        if self.left_out:
            note = f"\n[... {self.left_out:,} characters are left out: a cell keeps {MOST_PRINTED:,} of what it prints ...]\n"
            cell.outputs.append(nbformat.v4.new_output("stream", name="stderr", text=note))
        for name in dict.fromkeys(name for name, _ in self.end):
            text = "".join(piece for of, piece in self.end if of == name)
            cell.outputs.append(nbformat.v4.new_output("stream", name=name, text=text))
        self.begin()


def pipes(process, but=()):
    """The pipes that a process has open."""
    folder = f"/proc/{process.pid}/fd"
    found = set()
    try:
        for fd in os.listdir(folder):
            target = os.readlink(os.path.join(folder, fd))
            if target.startswith("pipe:") and fd not in but:
                found.add(target)
    except OSError:  # it has ended, or is another user's
        pass
    return found


def holders(kernel):
    """Programs that a cell left behind and that still hold its output, for which the kernel waits."""
    outputs = pipes(kernel, but=("0", "1", "2"))
    family = {kernel.pid, os.getpid(), *(child.pid for child in kernel.children(recursive=True))}
    return [p for p in psutil.process_iter(["name"]) if p.pid not in family and outputs & pipes(p)]


async def watch_holders(kernel, running):
    """Tells once a cell that it waits for such a program."""
    told, seen = None, 0
    while True:
        await asyncio.sleep(2)
        try:
            left = holders(kernel) if running else []
        except psutil.Error:
            return
        seen = seen + 1 if left else 0
        if seen >= 3 and told != running[-1]:
            told = running[-1]
            names = ", ".join(f"{p.info['name']} (process {p.pid})" for p in left[:3])
            say("hint", cell=told, error=f"the cell has ended but for {names}, which it started and which holds its output: it waits for that")



async def main(source, target, page, kernel):
    folder = os.path.dirname(os.path.abspath(source))
    try:
        notebook = load(source)
    except Invalid as error:
        say("invalid", error=cut(str(error), MOST_TEXT))
        return 1
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = Client(notebook, timeout=None, iopub_timeout=60, kernel_name=kernel, resources={"metadata": {"path": folder}})
    code = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code" and c.source.strip()]
    number = {index: n + 1 for n, index in enumerate(code)}

    running = []  # the number of the cell that runs

    def start(cell, cell_index):
        client.begin()
        running[:] = [number[cell_index]] if cell_index in number else []
        if cell_index in number:
            say("start", cell=number[cell_index], total=len(code))

    def end(cell, cell_index, execute_reply):
        client.finish(cell)
        running.clear()
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
    ok, watcher = False, None
    try:
        async with client.async_setup_kernel():
            for s in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(s, interrupt)
            say("kernel")
            watcher = asyncio.create_task(watch_holders(psutil.Process(client.km.provisioner.pid), running))
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
        if watcher:
            watcher.cancel()
        if running:  # it did not end by itself
            client.finish(notebook.cells[index])
        save(notebook, target)
        export(notebook, page, folder)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
