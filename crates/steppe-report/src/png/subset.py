"""Makes regular.ttf: the Latin, Greek, Cyrillic (Kazakh) and mathematical signs that reports draw, from Liberation Sans.

Usage: python subset.py LiberationSans-Regular.ttf regular.ttf   (needs fontTools)

The licence of Liberation reserves its name, so the subset has another one. Superscript zero and minus are missing there; they
are made from the other superscripts and the minus sign. The result has no dates of its own: the same input gives the same bytes.
"""

import sys

from fontTools import subset
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

NAME = "Steppe Report Sans"
RANGES = [(0x20, 0x7E), (0xA0, 0x17F), (0x391, 0x3C9), (0x400, 0x45F)]
SIGNS = "ҒғҚқҢңҮүҰұҺһӘәӨө–—‘’“”„…‰′″€№−×≈≠≤≥∞√∑∂←→↑↓⁰¹²³⁴⁵⁶⁷⁸⁹⁻\u2009\u202f�"


def copied(font, source, target, scale, shift):
    """A new glyph: another one, scaled and then moved up."""
    glyphs = font.getGlyphSet()
    pen = TTGlyphPen(glyphs)
    glyphs[source].draw(TransformPen(pen, (scale, 0, 0, scale, 0, shift)))
    name = f"uni{ord(target):04X}"
    font.setGlyphOrder(font.getGlyphOrder() + [name])
    font["glyf"].glyphs[name] = pen.glyph()
    font["glyf"].glyphs[name].recalcBounds(font["glyf"])
    width = round(font["hmtx"][source][0] * scale)
    font["hmtx"].metrics[name] = (width, font["glyf"].glyphs[name].xMin)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[ord(target)] = name


def main(source, target):
    font = TTFont(source, recalcTimestamp=False)
    for table in font["cmap"].tables:
        table.ensureDecompiled()
    cmap = font.getBestCmap()
    height = font["glyf"][cmap[ord("4")]].yMax
    raised = font["glyf"][cmap[ord("⁴")]]
    scale = (raised.yMax - raised.yMin) / height
    copied(font, cmap[ord("0")], "⁰", scale, raised.yMin)
    copied(font, cmap[ord("−")], "⁻", scale, raised.yMin)

    options = subset.Options()
    options.layout_features = ["kern"]
    options.hinting = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    cutter = subset.Subsetter(options)
    characters = [code for low, high in RANGES for code in range(low, high + 1)] + [ord(sign) for sign in SIGNS]
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6):
            record.string = NAME.replace(" ", "") if record.nameID == 6 else NAME
    font.save(target)


main(*sys.argv[1:])
