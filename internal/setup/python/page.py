"""Makes one HTML page of an executed notebook. It needs no network, and what is written in cells of text runs nothing."""
import copy, os, re

import bleach
import jinja2
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath


IMAGE = re.compile(r"<img\b[^>]*>", re.I)
EMPTY = re.compile(r"<(?!br\b|hr\b|img\b|wbr\b)(\w+)((?:\s[^<>]*?)?)\s*/>")


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

    def _html_embed_images(self, html):
        """Of each picture alone: the whole, which may be half of an element, would be closed where it ends."""
        return IMAGE.sub(lambda tag: super(Renderer, self)._html_embed_images(tag[0]), html)

    def heading(self, text, level, **attrs):
        """The library writes empty elements as XML, <a/>, which opens a link in HTML."""
        return EMPTY.sub(r"<\1\2></\1>", super().heading(text, level, **attrs))


HTML_TAGS = """a abbr b blockquote br caption center cite code col colgroup dd del details div dl dt em figcaption figure font h1 h2
h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp section small span strong sub summary sup table tbody td tfoot th thead tr tt u
ul var wbr""".split()
MATH_TAGS = """math menclose merror mfenced mfrac mi mlabeledtr mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms
mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics""".split()
HTML_ATTRIBUTES = """align alt bgcolor border cellpadding cellspacing class color cols colspan height href id lang name open reversed
rowspan size span src start style title type valign width""".split()
MATH_ATTRIBUTES = """accent accentunder close columnalign columnlines columnspacing columnspan depth display displaystyle fence form
frame height largeop linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize movablelimits notation open
rowalign rowlines rowspacing rowspan rspace scriptlevel separator separators stretchy symmetric width xmlns""".split()


def allowed(tag, name, value):
    if tag in MATH_TAGS:
        return name in MATH_ATTRIBUTES
    if value.strip().lower().startswith("data:"):
        return tag == "img" and name == "src" and value.strip().lower().startswith("data:image/")
    return name in HTML_ATTRIBUTES


# What somebody writes in a cell of text runs nothing in the browser of who reads the page.
HARMLESS = bleach.Cleaner(
    tags=HTML_TAGS + MATH_TAGS,
    attributes=allowed,
    protocols=["http", "https", "mailto", "data"],
    css_sanitizer=CSSSanitizer(allowed_css_properties=[*ALLOWED_CSS_PROPERTIES, "border", "margin", "max-width", "padding"]),
)


class OfflineExporter(HTMLExporter):
    """HTMLExporter without anything that a browser would fetch, and without scripts in cells of text."""

    @jinja2.pass_context
    def markdown2html(self, context, source):
        attachments = context.get("cell", {}).get("attachments", {})
        renderer = Renderer(escape=False, attachments=attachments, embed_images=True, path=self.path, anchor_link_text="")
        return HARMLESS.clean(MarkdownWithMath(renderer=renderer).render(source))


SCRIPTS = re.compile(r"<script\b[^>]*>.*?</script>\s*", re.S)


def export(notebook, path, folder):
    notebook = copy.copy(notebook)
    notebook.metadata = {k: v for k, v in notebook.metadata.items() if k != "widgets"}  # they would be loaded from the network
    exporter = OfflineExporter(embed_images=True)
    exporter.path = folder
    html, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": notebook.metadata.get("title", "notebook"), "path": folder}})
    # The page's own scripts load MathJax, RequireJS and Mermaid; no output needs them.
    head, mark, body = html.partition("</head>")
    html = SCRIPTS.sub("", head) + mark + body
    with open(path + ".unfinished", "w", encoding="utf-8") as file:
        file.write(html)
    os.replace(path + ".unfinished", path)
