"""matplotlib's figures as small inline SVG: no header, no ids that another picture of the page could share."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: small, and in the page's own font
    "text.parse_math": False,
    "axes.unicode_minus": True,
}
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def inline_svg(figure: Figure, name: str, title: str, description: str = "") -> Markup:
    """The figure as an `<svg>` element with a title and a description; the same figure gives the same text.

    `name` must be its own on the page: the ids begin with it.
    """
    import matplotlib

    drawn = io.StringIO()
    with matplotlib.rc_context({**SETTINGS, "svg.hashsalt": name}):
        figure.savefig(drawn, format="svg", transparent=True, metadata=NO_METADATA)
    root = ElementTree.fromstring(drawn.getvalue())  # noqa: S314 — matplotlib wrote it, just now
    _own_ids(root, name)
    for element in root.iter():
        if "d" in element.attrib:
            element.set("d", _short(element.attrib["d"]))
        if "style" in element.attrib:  # the page has a font of its own
            element.set("style", re.sub("font-family: [^;]*;? ?", "", element.attrib["style"]))
        if element.attrib.get("transform", "").startswith("rotate(-0 "):
            del element.attrib["transform"]
        element.text = (element.text or "").strip() or None
        element.tail = None
    _describe(root, name, title, description)
    ElementTree.register_namespace("", SVG)
    drawn_text = ElementTree.tostring(root, encoding="unicode")
    return Markup(drawn_text)  # noqa: S704 — ElementTree has escaped what it holds


def _own_ids(root: ElementTree.Element, name: str) -> None:
    """Keep the ids that something refers to, under this picture's name; drop the others."""
    used = {
        element.attrib[XLINK].removeprefix("#")
        for element in root.iter()
        if XLINK in element.attrib
    }
    for element in root.iter():
        if (own := element.attrib.pop("id", None)) in used:
            element.set("id", f"{name}-{own}")
        if XLINK in element.attrib:
            element.set("href", f"#{name}-{element.attrib.pop(XLINK).removeprefix('#')}")


def _short(path: str) -> str:
    """A path on one line, its numbers cut to a tenth of a point, no point twice in a row.

    >>> _short("M 0 36.123456 \\nL 2.711864 -0.049999 \\nL 2.7 0 \\n")
    'M0 36.1L2.7 0'
    """
    cut = re.sub(r"-?\d+\.\d+", lambda number: f"{round(float(number[0]), 1) + 0:g}", path)
    joined = re.sub(r"\s*([A-Za-z])\s*", r"\1", " ".join(cut.split()))
    return re.sub(r"(L[^A-Za-z]+)\1+", r"\1", joined)


def _describe(root: ElementTree.Element, name: str, title: str, description: str) -> None:
    """What a screen reader says in place of the picture."""
    for size in ("width", "height", "version"):
        root.attrib.pop(size, None)
    for definitions in root.findall(f"{{{SVG}}}defs"):
        if definitions.find(f"{{{SVG}}}style") is not None:
            root.remove(definitions)
    spoken = [("title", title), ("desc", description)]
    given = [(tag, text) for tag, text in spoken if text]
    for place, (tag, text) in enumerate(given):
        element = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(place, element)
    root.set("role", "img")
    root.set("aria-labelledby", " ".join(f"{name}-{tag}" for tag, _ in given))
