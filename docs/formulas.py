"""Formulas of the site as MathML, which browsers show without a server."""

import html
import re
from xml.etree import ElementTree

from docutils.utils.math.latex2mathml import tex2mathml

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
MOVER, ROW = f"{{{NAMESPACE}}}mover", f"{{{NAMESPACE}}}mrow"
UNDEROVER, SUB = f"{{{NAMESPACE}}}munderover", f"{{{NAMESPACE}}}msub"
ElementTree.register_namespace("", NAMESPACE)


def mathml(tex: str, *, is_block: bool = False) -> str:
    """Return a TeX formula as MathML.

    docutils reads ``\\frac12`` as 12 over what follows, sets the index of an accented letter below
    the letter, and gives bars a width of one letter. Bars are rows of the class ``mean`` here,
    which the style sheet overlines.
    """
    tex = re.sub(r"(\\[dt]?frac)(\d)(\d)", r"\1{\2}{\3}", tex)
    text = tex2mathml(tex, as_block=is_block)
    text = re.sub(r"&(?!(?:lt|gt|amp|#\w+);)\w+;", lambda entity: html.unescape(entity[0]), text)
    formula = ElementTree.fromstring(text)
    for node in formula.iter():
        parts = list(node)
        if node.tag == MOVER and parts[1].text == "_":
            node.tag, node.attrib = ROW, {"class": "mean"}
            node.remove(parts[1])
        elif node.tag == UNDEROVER and parts[2].text in ("ˆ", "˜", "ˉ"):
            letter, index, accent = parts
            accented = ElementTree.Element(MOVER, {"accent": "true"})
            accented.extend([letter, accent])
            node.tag, node[:] = SUB, [accented, index]
    return ElementTree.tostring(formula, encoding="unicode", short_empty_elements=False)
