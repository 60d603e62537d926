// The fonts of the letters to persons and counsel: Noto Sans in three scripts, each with the
// characters of its country's common character set, and Latin for the Vietnamese alphabet too.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import subset from "subset-font";

const modules = join(dirname(fileURLToPath(import.meta.url)), "node_modules", "@embedpdf");

// What the two-byte codes of a character set stand for.
function charset(encoding, [firstLead, lastLead], trails) {
  const decoder = new TextDecoder(encoding);
  let found = "";
  for (let lead = firstLead; lead <= lastLead; lead++) {
    for (const [first, last] of trails) {
      for (let trail = first; trail <= last; trail++) {
        const text = decoder.decode(Uint8Array.of(lead, trail));
        if ([...text].length === 1 && text !== "\ufffd") found += text;
      }
    }
  }
  return found;
}

function span(first, last) {
  return Array.from({ length: last - first + 1 }, (_, at) => String.fromCodePoint(first + at)).join("");
}

const high = [[0xa1, 0xfe]];
const latin = span(0x20, 0x7e) + span(0xa0, 0x24f) + span(0x300, 0x36f) + span(0x1e00, 0x1eff) + span(0x2010, 0x203a) + span(0x20a0, 0x20bf);
const gb2312 = charset("gbk", [0xa1, 0xf7], high);
// The commoner half of Big5: names in traditional characters.
const big5 = charset("big5", [0xa4, 0xc6], [[0x40, 0x7e], [0xa1, 0xfe]]);
// Every syllable, since names use rare ones; Chinese characters come from the Chinese font.
const hangul = span(0x3000, 0x303f) + span(0x3131, 0x318e) + span(0xac00, 0xd7a3) + span(0xff01, 0xff5e);

export async function letterFonts() {
  const cut = async (path, text) => subset(readFileSync(join(modules, path)), text, { targetFormat: "sfnt" });
  return [
    ["latin.ttf", await cut("fonts-latin/fonts/NotoSans-Regular.ttf", latin)],
    ["chinese.otf", await cut("fonts-sc/fonts/NotoSansHans-Regular.otf", latin + gb2312 + big5)],
    ["korean.otf", await cut("fonts-kr/fonts/NotoSansKR-Regular.otf", latin + hangul)],
    [
      "LICENSE.txt",
      Buffer.concat([
        Buffer.from(
          "latin.ttf: Copyright 2022 The Noto Project Authors; SIL Open Font License 1.1, below.\n" +
            "chinese.otf, korean.otf: Copyright 2014 Adobe Systems Incorporated; Apache License 2.0\n" +
            "(http://www.apache.org/licenses/LICENSE-2.0), as the fonts themselves say; the package they come\n" +
            "from says SIL Open Font License 1.1. All three are cut down to fewer characters.\n\n",
        ),
        readFileSync(join(modules, "fonts-latin", "LICENSE")),
      ]),
    ],
  ];
}
